// Rules of workspaces in the database, and the abilities that follow from them and from the built-in rules.
import type { Database, Tx } from '@falaj/database';
import { createLogger, PlatformError, type Principal } from '@falaj/runtime';
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Ability } from './ability.js';
import { AbilityCache } from './ability-cache.js';
import { createNounCatalog, type Noun, type NounCatalog } from './noun.js';
import type { Rule } from './rule.js';
import { ruleOfRow, ruleTable, versionTable } from './rule-table.js';
import { DEFAULT_STEP_UP_SECONDS, signedInWithin, stepUpRule } from './step-up.js';
import { inspectRule, type RuleIssue, validateRule } from './validate-rule.js';

const log = createLogger('policy');
const CHANNEL = 'policy_changed';
/** A notice may be lost, so the version is looked up at least this often. */
const MAX_AGE_MS = 1_000;

export interface PolicyStoreOptions {
  readonly nouns: readonly Noun[] | NounCatalog;
  /** Rules that hold in every workspace; they come with the code and are not stored. */
  readonly builtin: readonly Rule[];
  /** How old a sign-in may be, in seconds, for fields of class `secret`; default 300. */
  readonly stepUpSeconds?: number;
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

export interface StoredRule {
  readonly rule: Rule;
  readonly version: number;
  readonly authorId: string;
  readonly createdAt: Date;
  readonly retiredAt: Date | null;
  /** Not empty where the row came into the table by another way; such a rule fails closed. */
  readonly issues: readonly RuleIssue[];
}

export interface PolicyStore {
  readonly catalog: NounCatalog;
  /** Knows every change that was committed a second ago, mostly at once. Throws when the rules cannot be read. */
  abilityFor(principal: Principal): Promise<Ability>;
  /** A new rule, or the next version of a live one. Throws BAD_USER_INPUT that lists what is wrong with it. */
  createRule(tx: Tx, workspaceId: string, rule: unknown, authorId: string): Promise<{ id: string; version: number }>;
  /** The rule no longer counts; its versions stay on record. Throws NOT_FOUND. */
  retireRule(tx: Tx, workspaceId: string, id: string): Promise<void>;
  /** Live rules, by id; with `retired` every version. */
  listRules(tx: Tx, workspaceId: string, options?: { readonly retired?: boolean }): Promise<StoredRule[]>;
  /** Every rule that counts in the workspace, built-in ones among them. Not validated: an invalid one fails closed. */
  rulesOf(workspaceId: string): Promise<readonly Rule[]>;
  /** Grows with every change of the workspace's rules; 0 before the first. */
  versionOf(workspaceId: string): Promise<number>;
  /** Stops listening for changes. */
  close(): Promise<void>;
}

interface Policy {
  readonly version: number;
  readonly rules: readonly Rule[];
}

interface Known {
  policy: Promise<Policy>;
  checkedAt: number;
}

/** Throws CONFIG_INVALID for an invalid built-in rule: it is a fault of the program, not of its data. */
export function createPolicyStore(database: Database, options: PolicyStoreOptions): PolicyStore {
  const { builtin, stepUpSeconds = DEFAULT_STEP_UP_SECONDS, now = Date.now } = options;
  const catalog = 'get' in options.nouns ? options.nouns : createNounCatalog(options.nouns);
  const cache = new AbilityCache(catalog);
  // Apart, for the principals of one key may differ in when they signed in.
  const beforeStepUp = new AbilityCache(catalog);
  const guarded = new WeakMap<readonly Rule[], readonly Rule[]>();
  const withoutSecrets = (rules: readonly Rule[]): readonly Rule[] => {
    const known = guarded.get(rules) ?? [...rules, stepUpRule];
    guarded.set(rules, known);
    return known;
  };
  const known = new Map<string, Known>();
  assertBuiltin([...builtin, stepUpRule], catalog);

  const listening = database
    .listen(CHANNEL, (workspaceId) => {
      if (workspaceId === '') known.forEach(expire);
      else expire(known.get(workspaceId));
    })
    .catch((error: unknown) => {
      log.warn('changes of policy are seen by polling only', { reason: String(error) });
      return async () => undefined;
    });

  const current = (workspaceId: string): Promise<Policy> => {
    const before = known.get(workspaceId);
    if (before && now() - before.checkedAt < MAX_AGE_MS) return before.policy;
    const policy = refreshed(database, workspaceId, builtin, before?.policy);
    const entry: Known = { policy, checkedAt: now() };
    known.set(workspaceId, entry);
    // A failed look-up is no knowledge: the next caller tries again.
    policy.catch(() => {
      if (known.get(workspaceId) === entry) known.delete(workspaceId);
    });
    return policy;
  };

  return {
    catalog,
    async abilityFor(principal) {
      const { rules, version } =
        principal.workspaceId === '' ? { rules: builtin, version: 0 } : await current(principal.workspaceId);
      const at = new Date(now());
      return signedInWithin(principal, stepUpSeconds, at)
        ? cache.get(rules, version, principal, at)
        : beforeStepUp.get(withoutSecrets(rules), version, principal, at);
    },
    async createRule(tx, workspaceId, input, authorId) {
      const rule = validateRule(input, catalog);
      if (builtin.some(({ id }) => id === rule.id))
        throw new PlatformError('BAD_USER_INPUT', `id: "${rule.id}" is a built-in rule; choose another id.`);
      const [last] = await tx
        .select({ version: sql<number>`coalesce(max(${ruleTable.version}), 0)::int` })
        .from(ruleTable)
        .where(and(eq(ruleTable.workspaceId, workspaceId), eq(ruleTable.id, rule.id)));
      const version = (last?.version ?? 0) + 1;
      await retire(tx, workspaceId, rule.id);
      await tx.insert(ruleTable).values({
        workspaceId,
        version,
        authorId,
        id: rule.id,
        effect: rule.effect,
        subject: rule.subject,
        reason: rule.reason,
        actions: [...rule.actions],
        roles: [...rule.roles],
        fields: rule.fields ? [...rule.fields] : null,
        classes: rule.classes ? [...rule.classes] : null,
        conditions: rule.conditions ?? null,
        validFrom: rule.validFrom ?? null,
        validTo: rule.validTo ?? null,
      });
      return { id: rule.id, version };
    },
    async retireRule(tx, workspaceId, id) {
      if ((await retire(tx, workspaceId, id)) === 0)
        throw new PlatformError('NOT_FOUND', 'Rule not found.', { details: { type: 'Rule' } });
    },
    async listRules(tx, workspaceId, { retired = false } = {}) {
      const rows = await tx
        .select()
        .from(ruleTable)
        .where(and(eq(ruleTable.workspaceId, workspaceId), retired ? undefined : isNull(ruleTable.retiredAt)))
        .orderBy(ruleTable.id, ruleTable.version);
      return rows.map((row) => {
        const rule = ruleOfRow(row);
        const { version, authorId, createdAt, retiredAt } = row;
        return { rule, version, authorId, createdAt, retiredAt, issues: inspectRule(rule, catalog).issues };
      });
    },
    rulesOf: async (workspaceId) => (workspaceId === '' ? builtin : (await current(workspaceId)).rules),
    versionOf: async (workspaceId) => (workspaceId === '' ? 0 : (await current(workspaceId)).version),
    close: async () => (await listening)(),
  };
}

const expire = (entry: Known | undefined): void => {
  if (entry) entry.checkedAt = Number.NEGATIVE_INFINITY;
};

/** The version is read before the rules: rules newer than their version are read once more, older ones never stay. */
async function refreshed(
  database: Database,
  workspaceId: string,
  builtin: readonly Rule[],
  before: Promise<Policy> | undefined,
): Promise<Policy> {
  const last = await before?.catch(() => undefined);
  return database.inWorkspace(
    { workspaceId, zones: [], principalId: 'policy' },
    async (tx) => {
      const [found] = await tx
        .select({ version: versionTable.version })
        .from(versionTable)
        .where(eq(versionTable.workspaceId, workspaceId));
      const version = found?.version ?? 0;
      if (last?.version === version) return last;
      const rows = await tx
        .select()
        .from(ruleTable)
        .where(and(eq(ruleTable.workspaceId, workspaceId), isNull(ruleTable.retiredAt)));
      return { version, rules: [...builtin, ...rows.map(ruleOfRow)] };
    },
    { readOnly: true },
  );
}

async function retire(tx: Tx, workspaceId: string, id: string): Promise<number> {
  const retired = await tx
    .update(ruleTable)
    .set({ retiredAt: sql`clock_timestamp()` })
    .where(and(eq(ruleTable.workspaceId, workspaceId), eq(ruleTable.id, id), isNull(ruleTable.retiredAt)))
    .returning({ id: ruleTable.id });
  return retired.length;
}

function assertBuiltin(builtin: readonly Rule[], catalog: NounCatalog): void {
  const problems = builtin.flatMap((rule) =>
    inspectRule(rule, catalog).issues.map(({ path, problem }) => `${rule.id}: ${path} ${problem}`),
  );
  const ids = new Set<string>();
  for (const { id } of builtin) {
    if (ids.has(id)) problems.push(`${id}: is given twice`);
    ids.add(id);
  }
  if (problems.length > 0)
    throw new PlatformError('CONFIG_INVALID', `Built-in rules are invalid: ${problems.join('; ')}.`, {
      details: { problems },
    });
}
