// The roles of the foundation, as data. What each may do is said by the built-in rules of the subgraphs, never here.
import type { Rule } from '@falaj/policy';
import { PlatformError } from '@falaj/runtime';

export interface Role {
  readonly name: string;
  readonly description: string;
}

const PLATFORM_WORKSPACE = 'platform';
const PLATFORM_ADMINISTRATOR = 'platform-administrator';
/** For the service account of a directory; it opens SCIM and no field of the graph. */
export const PROVISIONER = 'provisioner';
/** Comes with the token of a run alone. */
const TRAINING_RUN = 'training-run';

export const roles: readonly Role[] = [
  {
    name: PLATFORM_ADMINISTRATOR,
    description: 'Creates workspaces. Held in the workspace `platform` only, first by who set the platform up.',
  },
  { name: 'administrator', description: 'Identities, roles, rules and tokens of one workspace; changes no data.' },
  { name: 'feature-engineer', description: 'Registers sources, defines and builds features and training sets.' },
  { name: 'data-scientist', description: 'Builds training sets, trains, and registers models.' },
  { name: 'approver', description: 'Promotes models and runs endpoints.' },
  {
    name: 'auditor',
    description: 'Reads everything of a workspace but secrets, its audit trail included; changes nothing.',
  },
  { name: 'viewer', description: 'Reads ordinary metadata and asks for predictions.' },
  {
    name: 'service',
    description: 'Programs such as monitors and workers: opens incidents and records usage; changes nothing else.',
  },
  {
    name: PROVISIONER,
    description: 'The directory of the organisation: keeps people and groups of the workspace over SCIM; nothing else.',
  },
  {
    name: TRAINING_RUN,
    description: 'The program of a training run: reads its run and what that reads, logs into it. Cannot be granted.',
  },
];

/** Roles that may be handed out in a workspace: the platform's own stays in the platform's workspace. */
export const grantableRoles = (workspaceId: string): readonly string[] =>
  roles
    .map(({ name }) => name)
    .filter((name) => name !== TRAINING_RUN && (name !== PLATFORM_ADMINISTRATOR || workspaceId === PLATFORM_WORKSPACE));

/** Throws BAD_USER_INPUT that lists the known roles. */
export function requireGrantableRole(role: string, workspaceId: string): void {
  const allowed = grantableRoles(workspaceId);
  if (allowed.includes(role)) return;
  throw new PlatformError('BAD_USER_INPUT', `input.role: found "${role}", expected one of ${allowed.join(', ')}.`, {
    details: { field: 'role', found: role, allowed },
  });
}

/** What one rule does for a role. */
export interface RoleGrant {
  readonly ruleId: string;
  readonly effect: 'ALLOW' | 'DENY';
  readonly actions: readonly string[];
  readonly subject: string;
  readonly fields: readonly string[] | null;
  readonly classes: readonly string[] | null;
  readonly conditional: boolean;
  readonly reason: string;
}

/** The rules that name the role, or everyone. */
export function grantsOf(role: string, rules: readonly Rule[]): RoleGrant[] {
  return rules
    .filter((rule) => rule.roles.includes(role) || rule.roles.includes('*'))
    .map((rule) => ({
      ruleId: rule.id,
      effect: rule.effect,
      actions: rule.actions,
      subject: rule.subject,
      fields: rule.fields ?? null,
      classes: rule.classes ?? null,
      conditional: rule.conditions !== undefined,
      reason: rule.reason,
    }));
}
