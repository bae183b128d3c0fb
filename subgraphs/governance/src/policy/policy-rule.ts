import { GROUP, type NounCatalog, type Rule, type RuleIssue, validateRule } from '@falaj/policy';
import { isPlatformError, PlatformError } from '@falaj/runtime';
import { z } from 'zod';
import { roles } from './roles.js';

const texts = z.array(z.string());

/** The form of a rule; its meaning is judged by `checkRule`. */
export const policyRuleInput = z.object({
  id: z.string().regex(/^[a-z][a-z0-9.-]{0,126}$/i, 'expected a letter, then letters, digits, dots or dashes'),
  effect: z.enum(['ALLOW', 'DENY']),
  actions: texts,
  subject: z.string(),
  fields: texts.nullish(),
  classes: texts.nullish(),
  conditions: z.record(z.string(), z.unknown()).nullish(),
  roles: texts,
  reason: z.string(),
  validFrom: z.date().nullish(),
  validTo: z.date().nullish(),
});

/** The rule that the input states. Throws BAD_USER_INPUT with the path of everything that is wrong with it. */
export function checkRule(input: z.output<typeof policyRuleInput>, catalog: NounCatalog): Rule {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null && value !== undefined));
  const issues = [...ownIssues(input), ...meaningIssues(given, catalog)];
  if (issues.length === 0) return given as unknown as Rule;
  const shown = issues.map(({ path, problem }) => ({ path: `input.${path}`, message: problem }));
  throw new PlatformError('BAD_USER_INPUT', shown.map(({ path, message }) => `${path}: ${message}`).join('; '), {
    details: { issues: shown },
  });
}

/** Ids of the groups that rules name. */
export const groupsOf = (rules: readonly Pick<Rule, 'roles'>[]): readonly string[] => [
  ...new Set(
    rules.flatMap(({ roles: named }) =>
      named.flatMap((role) => (role.startsWith(GROUP) ? [role.slice(GROUP.length)] : [])),
    ),
  ),
];

function ownIssues(input: z.output<typeof policyRuleInput>): RuleIssue[] {
  const known = ['*', ...roles.map(({ name }) => name)];
  const issues = input.roles.flatMap((role, place) =>
    known.includes(role) || role.startsWith(GROUP)
      ? []
      : [{ path: `roles[${place}]`, problem: `"${role}" is no role; known: ${known.join(', ')}, ${GROUP}<id>` }],
  );
  if (input.validFrom && input.validTo && input.validTo <= input.validFrom)
    issues.push({ path: 'validTo', problem: 'must be after validFrom' });
  return issues;
}

function meaningIssues(rule: object, catalog: NounCatalog): readonly RuleIssue[] {
  try {
    validateRule(rule, catalog);
    return [];
  } catch (error) {
    const issues = isPlatformError(error) ? (error.details.issues as readonly RuleIssue[] | undefined) : undefined;
    if (!issues) throw error;
    return issues;
  }
}
