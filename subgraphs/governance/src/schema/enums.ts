import { registerEnumType } from 'type-graphql';

export const PrincipalKind = { USER: 'USER', SERVICE: 'SERVICE' } as const;
registerEnumType(PrincipalKind, { name: 'PrincipalKind', description: 'A person or a program.' });

export const CallerKind = { USER: 'USER', SERVICE: 'SERVICE', WORKLOAD: 'WORKLOAD' } as const;
registerEnumType(CallerKind, {
  name: 'CallerKind',
  description: 'Who asks.',
  valuesConfig: {
    USER: { description: 'A person.' },
    SERVICE: { description: 'A program with an account of its own.' },
    WORKLOAD: { description: 'One piece of work, such as a training run, for as long as it runs.' },
  },
});

export const AuditOutcome = { SUCCEEDED: 'SUCCEEDED', REFUSED: 'REFUSED', FAILED: 'FAILED' } as const;
registerEnumType(AuditOutcome, { name: 'AuditOutcome', description: 'How a recorded action ended.' });

export const RuleEffect = { ALLOW: 'ALLOW', DENY: 'DENY' } as const;
registerEnumType(RuleEffect, {
  name: 'RuleEffect',
  description: 'What a rule does; a denial overrides every permission.',
});

export const PluginState = {
  READY: 'READY',
  DEGRADED: 'DEGRADED',
  QUARANTINED: 'QUARANTINED',
  FAILED: 'FAILED',
} as const;
registerEnumType(PluginState, {
  name: 'PluginState',
  description: 'Whether a plugin answers.',
  valuesConfig: {
    READY: { description: 'It answers.' },
    DEGRADED: { description: 'It is unhealthy, or calls to it are being held back.' },
    QUARANTINED: { description: 'It crashed too often and is not started again.' },
    FAILED: { description: 'It never opened.' },
  },
});
