import { isPlatformError, type Principal } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import { describe, expect, it } from 'vitest';
import { buildAbility } from './ability.js';
import { AbilityCache } from './ability-cache.js';
import { createNounCatalog } from './noun.js';
import type { Rule } from './rule.js';

const catalog = createNounCatalog([
  {
    name: 'Model',
    fields: { id: 'open', name: 'internal', costAed: 'sensitive', email: 'pii', phone: 'pii' },
    attributes: { owner: 'string', zone: 'string', level: 'number', at: 'timestamp' },
  },
  {
    name: 'Run',
    fields: { id: 'open', note: 'internal' },
    attributes: { owner: 'string' },
    relations: { model: 'Model' },
  },
]);
const principal: Principal = {
  id: 'u1',
  kind: 'USER',
  name: 'U',
  workspaceId: 'w1',
  roles: ['viewer'],
  zone: 'AE',
  zones: ['AE', 'AE-DIFC'],
};
let serial = 0;
const rule = (over: Partial<Rule>): Rule => ({
  id: `r${++serial}`,
  effect: 'ALLOW',
  actions: ['read'],
  subject: 'Model',
  roles: ['viewer'],
  reason: 'TEST',
  ...over,
});
const row = { owner: 'u1', zone: 'AE', level: 1, at: new Date('2026-01-01') };
const ability = (rules: readonly Rule[], as: Principal = principal, now?: Date) =>
  buildAbility(rules, as, catalog, now);
const text = (part: ReturnType<typeof sql>) => new PgDialect().sqlToQuery(part).sql;

describe('rules', () => {
  it('deny overrides allow whatever their order', () => {
    const allow = rule({});
    const deny = rule({ effect: 'DENY', conditions: { zone: 'US' }, reason: 'ABROAD' });
    for (const rules of [
      [allow, deny],
      [deny, allow],
    ]) {
      expect(ability(rules).can('read', 'Model', row)).toBe(true);
      expect(ability(rules).check('read', 'Model', { ...row, zone: 'US' })).toEqual({
        allowed: false,
        ruleId: deny.id,
        reason: 'ABROAD',
      });
    }
  });

  it('a denied pattern covers each field that it names, in the mask and in the verdict', () => {
    const own = ability([rule({}), rule({ effect: 'DENY', fields: ['e*', 'ph*ne'], reason: 'PII_RESTRICTED' })]);
    expect(own.maskRow('read', 'Model', row).masked).toEqual([
      { field: 'email', reason: 'PII_RESTRICTED' },
      { field: 'phone', reason: 'PII_RESTRICTED' },
    ]);
    expect(own.can('read', 'Model', row, 'email')).toBe(false);
    expect(own.can('read', 'Model', row, 'name')).toBe(true);
  });

  it('a row is readable by an allow of some fields, and not by a deny of some', () => {
    const own = ability([rule({ fields: ['name'] }), rule({ effect: 'DENY', classes: ['open'] })]);
    expect(own.can('read', 'Model', row)).toBe(true);
    expect(own.can('read', 'Model', row, 'name')).toBe(true);
    expect(own.can('read', 'Model', row, 'id')).toBe(false);
  });

  it('a wildcard subject with classes reaches each type by its own fields', () => {
    const own = ability([rule({ subject: '*', classes: ['internal'] })]);
    expect(own.readsField('Run', 'note').allowed).toBe(true);
    expect(own.readsField('Model', 'email')).toEqual({ allowed: false, reason: 'PII_RESTRICTED' });
  });

  it('nothing is known of unknown types and fields', () => {
    const own = ability([rule({ subject: '*', actions: ['*'] })]);
    expect(own.can('read', 'Model', row)).toBe(true);
    expect(own.can('read', 'Nothing')).toBe(false);
    expect(own.can('read', 'Model', row, 'toString')).toBe(false);
    expect(own.can('read', 'Model', row, '__proto__')).toBe(false);
    expect(text(own.fieldPredicate('read', 'Model', 'nope', { attributes: {} }))).toBe('false');
  });

  it('a condition on related rows asks for one of them; a row read without them gets no allow and every deny', () => {
    const conditions = { model: { $some: { owner: { $var: 'principal.id' } } } };
    const allowed = ability([rule({ subject: 'Run', conditions })]);
    const denied = ability([rule({ subject: 'Run' }), rule({ subject: 'Run', effect: 'DENY', conditions })]);
    const run = (model?: unknown) => ({ owner: 'u2', ...(model === undefined ? {} : { model }) });
    for (const [model, holds] of [
      [[{ owner: 'u2' }, { owner: 'u1' }], true],
      [[{ owner: 'u2' }], false],
      [[], false],
    ] as const) {
      expect(allowed.can('read', 'Run', run(model))).toBe(holds);
      expect(denied.can('read', 'Run', run(model))).toBe(!holds);
    }
    for (const unread of [undefined, 'u1', [{}], [{ owner: 'u1' }, {}]]) {
      expect(allowed.can('read', 'Run', run(unread))).toBe(false);
      expect(denied.can('read', 'Run', run(unread))).toBe(false);
    }
  });

  it('roles and validity decide which rules count', () => {
    const deny = rule({ effect: 'DENY', roles: ['other'] });
    const past = rule({ effect: 'DENY', validTo: new Date('2026-01-01') });
    const future = rule({ effect: 'DENY', validFrom: new Date('2027-01-01') });
    const own = ability([rule({}), deny, past, future], principal, new Date('2026-06-01'));
    expect(own.can('read', 'Model', row)).toBe(true);
    expect(ability([rule({ roles: ['*'] })], { ...principal, roles: [], kind: 'ANONYMOUS' }).can('read', 'Model')).toBe(
      false,
    );
  });

  it('a workload has what its role says of its resources; what all may is not for it, what all may not is', () => {
    const own = (resources: readonly string[] | undefined, ...more: Rule[]) =>
      ability(
        [
          rule({ roles: ['work'], conditions: { owner: { $in: { $var: 'principal.resources' } } } }),
          rule({ roles: ['*'] }),
          ...more,
        ],
        { ...principal, kind: 'WORKLOAD', roles: ['work'], ...(resources ? { resources } : {}) },
      );
    expect(own(['u1']).can('read', 'Model', row)).toBe(true);
    expect(own(['u1']).can('read', 'Model', { ...row, owner: 'u2' })).toBe(false);
    expect(own([]).can('read', 'Model', row)).toBe(false);
    expect(own(undefined).can('read', 'Model')).toBe(false);
    expect(own(['u1'], rule({ effect: 'DENY', roles: ['*'] })).can('read', 'Model', row)).toBe(false);
  });

  it('authorize says which rule, and nothing of the data', () => {
    const deny = rule({
      id: 'no-abroad',
      effect: 'DENY',
      actions: ['deploy'],
      conditions: { zone: 'US' },
      reason: 'ABROAD',
    });
    const own = ability([rule({ actions: ['deploy'] }), deny]);
    own.authorize('deploy', 'Model', row);
    try {
      own.authorize('deploy', 'Model', { ...row, zone: 'US', owner: 'secret-owner' });
      expect.unreachable();
    } catch (error) {
      if (!isPlatformError(error)) throw error;
      expect(error.code).toBe('FORBIDDEN');
      expect(error.details).toMatchObject({ action: 'deploy', noun: 'Model', rule: 'no-abroad', reason: 'ABROAD' });
      expect(error.details.whatToDo).toContain('explainDecision');
      expect(error.message).not.toContain('secret-owner');
    }
  });
});

describe('failing closed', () => {
  const bad: Partial<Rule>[] = [
    { conditions: { zone: { $regex: '.*' } } },
    { conditions: { zoen: 'US' } },
    { conditions: { zone: { $ne: 5 } } },
    { conditions: { $or: [] } },
    { conditions: { $xor: [{ zone: 'US' }] } },
    { conditions: { zone: { $var: 'principal.secret' } } },
    { conditions: {} },
    { fields: ['nmae'] },
    { classes: ['pi'] as never },
    { roles: [] },
    { reason: 'not a code' },
  ];

  it.each(bad)('an invalid deny denies its type and nothing else: %j', (over) => {
    const own = ability([rule({}), rule({ subject: 'Run' }), rule({ effect: 'DENY', ...over })]);
    expect(own.check('read', 'Model', row)).toMatchObject({ allowed: false, reason: 'POLICY_INVALID' });
    expect(own.check('create', 'Model')).toMatchObject({ allowed: false });
    expect(own.can('read', 'Run', { owner: 'u1' })).toBe(true);
  });

  it.each(bad)('an invalid allow grants nothing: %j', (over) => {
    expect(ability([rule(over)]).can('read', 'Model', row)).toBe(false);
  });

  it('an invalid deny of an unknown type, or of none, denies everything', () => {
    for (const subject of ['Modle', '*', undefined, 7])
      expect(
        ability([rule({}), rule({ effect: 'DENY', subject: subject as string, conditions: { x: 1 } })]).can(
          'read',
          'Model',
          row,
        ),
      ).toBe(false);
    expect(ability([rule({}), { ...rule({}), effect: 'deny' as never }]).can('read', 'Model', row)).toBe(false);
  });

  it('a variable without a value drops the allow and hardens the deny', () => {
    const nowhere = { ...principal, zone: '' };
    const conditions = { zone: { $var: 'principal.zone' } };
    expect(ability([rule({ conditions })]).can('read', 'Model', row)).toBe(true);
    expect(ability([rule({ conditions })], nowhere).can('read', 'Model', row)).toBe(false);
    const deny = rule({ effect: 'DENY', conditions: { zone: { $ne: { $var: 'principal.zone' } } } });
    expect(ability([rule({}), deny]).can('read', 'Model', row)).toBe(true);
    expect(ability([rule({}), deny], nowhere).can('read', 'Model', row)).toBe(false);
  });

  it('a row that was read without an attribute is not granted and is denied', () => {
    const { zone: _, ...partial } = row;
    expect(ability([rule({ conditions: { zone: { $ne: 'US' } } })]).can('read', 'Model', partial)).toBe(false);
    expect(
      ability([rule({}), rule({ effect: 'DENY', conditions: { zone: 'US' } })]).can('read', 'Model', partial),
    ).toBe(false);
    expect(
      ability([rule({}), rule({ effect: 'DENY', conditions: { zone: 'US' } })]).can('read', 'Model', {
        ...row,
        zone: null,
      }),
    ).toBe(true);
  });

  it('a column that the table does not offer is an error, not a grant', () => {
    const own = ability([rule({ conditions: { zone: 'AE' } })]);
    expect(() => own.rowPredicate('read', 'Model', { attributes: {} })).toThrow(/does not offer/);
  });
});

describe('read plan', () => {
  const columns = {
    attributes: { owner: sql`owner`, zone: sql`zone`, level: sql`level`, at: sql`at` },
    fields: { id: sql`id`, name: sql`name`, costAed: sql`cost`, email: sql`email` },
  };

  it('pays nothing where nothing depends on the row', () => {
    const plan = ability([rule({ classes: ['open', 'internal'] }), rule({ classes: ['sensitive'] })]).readPlan(
      'Model',
      columns,
    );
    expect(text(plan.where)).toBe('true');
    expect(text(plan.select.name as never)).toBe('name');
    expect(text(plan.select.email as never)).toBe('case when false then email end');
    expect(text(plan.masked)).toBe("concat_ws(',', 'email')");
    expect(text(plan.filter('name'))).toBe('true');
  });

  it('needs no CASE for a field whose rules are those of the row', () => {
    const plan = ability([rule({ conditions: { owner: { $var: 'principal.id' } } })]).readPlan('Model', columns);
    expect(text(plan.where)).toBe('owner = $1::text');
    expect(text(plan.select.name as never)).toBe('name');
    expect(text(plan.masked)).toBe(`''::text`);
  });

  it('refuses a filter or an order by a field that no row may show', () => {
    const plan = ability([rule({ classes: ['open'] })]).readPlan('Model', columns);
    for (const use of [plan.filter, plan.orderBy])
      expect(() => use('email')).toThrow(expect.objectContaining({ code: 'FORBIDDEN_FILTER' }));
  });

  it('is compiled once for the same columns', () => {
    const own = ability([rule({})]);
    expect(own.readPlan('Model', { ...columns })).toBe(own.readPlan('Model', { ...columns }));
    expect(own.readPlan('Model', columns, ['id'])).not.toBe(own.readPlan('Model', columns));
  });
});

describe('ability cache', () => {
  it('shares an ability between principals whom the rules cannot tell apart', () => {
    const cache = new AbilityCache(catalog);
    const plain = [rule({})];
    expect(cache.get(plain, 1, principal)).toBe(cache.get(plain, 1, { ...principal, id: 'u2', name: 'V' }));
    expect(cache.get(plain, 1, principal)).not.toBe(cache.get(plain, 1, { ...principal, roles: ['viewer', 'x'] }));
    const personal = [rule({ conditions: { owner: { $var: 'principal.id' } } })];
    expect(cache.get(personal, 2, principal)).not.toBe(cache.get(personal, 2, { ...principal, id: 'u2' }));
    expect(cache.get(personal, 2, { ...principal, id: 'u2' }).can('read', 'Model', row)).toBe(false);
  });

  it('forgets an ability when a rule begins or ends, and the one least used when full', () => {
    const cache = new AbilityCache(catalog, 2);
    const rules = [rule({ validTo: new Date('2026-01-01') })];
    expect(cache.get(rules, 1, principal, new Date('2025-12-31')).can('read', 'Model')).toBe(true);
    expect(cache.get(rules, 1, principal, new Date('2026-01-01')).can('read', 'Model')).toBe(false);
    const first = cache.get(rules, 2, principal);
    cache.get(rules, 3, principal);
    expect(cache.get(rules, 2, principal)).toBe(first);
    cache.get(rules, 4, principal);
    expect(cache.get(rules, 2, principal)).toBe(first);
    cache.get(rules, 5, principal);
    cache.get(rules, 6, principal);
    expect(cache.get(rules, 2, principal)).not.toBe(first);
  });
});

it('a rule may be for a group, and says nothing of those who do not belong to it', () => {
  const rules = [
    { ...rule({ actions: ['read'] }), id: 'team', roles: ['group:grp_1'] },
    { ...rule({ actions: ['read'] }), id: 'not-you', effect: 'DENY' as const, roles: ['group:grp_2'] },
  ];
  const reads = (groups?: readonly string[], roles: readonly string[] = []) =>
    buildAbility(rules, { ...principal, roles, ...(groups ? { groups } : {}) }, catalog).can('read', 'Model', row);
  expect([reads(), reads(['grp_1']), reads(['grp_9']), reads(['grp_1', 'grp_2'])]).toEqual([false, true, false, false]);
  // Two people of one role are told apart where a rule names a group, and only there.
  const cache = new AbilityCache(catalog);
  const abilityOf = (groups: readonly string[]) => cache.get(rules, 1, { ...principal, groups });
  expect(abilityOf(['grp_1', 'grp_7'])).toBe(abilityOf(['grp_1']));
  expect(abilityOf(['grp_1'])).not.toBe(abilityOf([]));
});
