// What a version must meet before an alias stands for it: data, in revisions, never code.
import { z } from 'zod';
import { aliasName } from './alias.js';
import { digestOf } from './canonical.js';
import { cardSections } from './model-card.js';
import { name } from './names.js';

export const operators = ['GTE', 'GT', 'LTE', 'LT'] as const;
export type Operator = (typeof operators)[number];

const gateId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'expected a lower-case letter, then up to 62 of a-z, 0-9 and -');
const metric = z.string().min(1).max(100);

const threshold = z.object({ id: gateId, metric, operator: z.enum(operators), value: z.number() });

const comparison = z
  .object({
    id: gateId,
    metric,
    reference: z.enum(['BASELINE', 'CHAMPION']),
    /** A baseline's name (default the first), or an alias (default the one that is promoted to). */
    name: z.string().min(1).max(200).nullish(),
    operator: z.enum(operators),
    /** Added to the reference, or multiplied with it. */
    margin: z.number().default(0),
    unit: z.enum(['ABSOLUTE', 'RATIO']).default('ABSOLUTE'),
  })
  .refine(({ reference, name }) => reference === 'BASELINE' || !name || aliasName.safeParse(name).success, {
    path: ['name'],
    message: 'expected an alias',
  });

const definition = z.object({
  thresholds: z.array(threshold).max(50).default([]),
  comparisons: z.array(comparison).max(50).default([]),
  /** Ids of compliance checks that must pass; `*` is every check that judges a model. */
  complianceChecks: z
    .array(z.string().regex(/^(\*|[A-Z][A-Z0-9]*-[0-9]+)$/, 'expected an id such as MDL-001, or *'))
    .max(200)
    .default(['*']),
  cardSections: z.array(z.enum(cardSections)).max(cardSections.length).default([]),
  parityRequired: z.boolean().default(true),
  approvals: z
    .array(z.object({ role: z.string().min(1).max(100), count: z.number().int().min(1).max(10) }))
    .max(10)
    .default([{ role: 'approver', count: 1 }]),
  /** Hours after which a promotion without enough approvals expires. */
  approvalHours: z.number().int().min(1).max(2160).default(72),
});
export type GateDefinition = z.output<typeof definition>;

export const gateSetInput = definition.extend({ modelName: name.nullish() }).superRefine((input, context) => {
  const unique = (path: string, names: readonly string[]) => {
    const twice = names.find((each, place) => names.indexOf(each) !== place);
    if (twice) context.addIssue({ code: 'custom', path: [path], message: `"${twice}" stands twice` });
  };
  unique(
    'thresholds',
    [...input.thresholds, ...input.comparisons].map(({ id }) => id),
  );
  unique(
    'approvals',
    input.approvals.map(({ role }) => role),
  );
});

export const protectionInput = z.object({ aliases: z.array(aliasName).max(50) });

/** What counts until a workspace says otherwise. */
export const builtInGates: GateDefinition = definition.parse({
  cardSections: ['INTENDED_USE', 'DATA', 'METRICS', 'LIMITATIONS', 'OWNERS'],
});
export const builtInProtection: readonly string[] = ['champion', 'production'];

/** The gates that count for a model now; revision 0 is the built-in set. */
export interface CurrentGates {
  readonly revision: number;
  readonly scope: 'MODEL' | 'WORKSPACE' | 'BUILT_IN';
  readonly definition: GateDefinition;
  readonly digest: string;
}

export const builtInGateSet: CurrentGates = {
  revision: 0,
  scope: 'BUILT_IN',
  definition: builtInGates,
  digest: digestOf(builtInGates),
};
