import { describe, expect, it } from 'vitest';
import { parseFilter, parseOrder } from './parse.js';
import { filterLimits } from './tokens.js';

const metric = (name: string) => ({ scope: 'metrics', name });

describe('a filter', () => {
  it('binds NOT before AND before OR, in any case of letters', () => {
    expect(parseFilter('metrics.a > 1 or not metrics.b < 2 And metrics.c = NaN')).toEqual({
      kind: 'OR',
      parts: [
        { kind: 'COMPARE', field: metric('a'), operator: '>', value: 1 },
        {
          kind: 'AND',
          parts: [
            { kind: 'NOT', part: { kind: 'COMPARE', field: metric('b'), operator: '<', value: 2 } },
            { kind: 'COMPARE', field: metric('c'), operator: '=', value: Number.NaN },
          ],
        },
      ],
    });
  });

  it.each([
    ['metrics.val/auc-2 = 1', metric('val/auc-2')],
    ['metric."log loss" = 1', metric('log loss')],
    ['metrics."say ""hi""" = 1', metric('say "hi"')],
    ['metrics.`a``b` = 1', metric('a`b')],
    ['metrics . auc = 1', metric('auc')],
    ['metrics.model.v1.auc>1', metric('model.v1.auc')],
    ['metrics.نقاط = 1', metric('نقاط')],
  ])('%s names its field', (text, field) => {
    expect(parseFilter(text)).toMatchObject({ field });
  });

  it.each([
    ['metrics.a = -1.5e-3', -0.0015],
    ['metrics.a = .5', 0.5],
    ['metrics.a = +Infinity', Number.POSITIVE_INFINITY],
    ['metrics.a = -Infinity', Number.NEGATIVE_INFINITY],
    ["params.a = 'it''s'", "it's"],
    ["attributes.startedAt > '2026-03-01'", new Date('2026-03-01')],
    ["attributes.startedAt > '2026-03-01T08:30:00+04:00'", new Date('2026-03-01T04:30:00Z')],
  ])('%s has its value', (text, value) => {
    expect(parseFilter(text)).toMatchObject({ value });
  });

  it.each(['', '  \n'])('of nothing (%j) matches everything', (text) => {
    expect(parseFilter(text)).toBeNull();
  });

  it.each([
    ['metrics.auc >', 14, 'the end', 'a number'],
    ['metrics.auc > > 1', 15, '">"', 'a number'],
    ["metrics.auc > '0.7'", 15, '"\'0.7\'"', 'a number'],
    ['auc > 1', 1, '"auc"', 'a field such as metrics.auc'],
    ['metric_s.auc > 1', 1, '"metric_s."', 'metrics., params.'],
    ['scores.auc > 1', 1, '"scores."', 'metrics., params., tags. or attributes.'],
    ['attributes.colour = 1', 1, 'attributes.colour', 'one of id, name'],
    ['metrics.a > 1 metrics.b > 2', 15, '"metrics.b"', 'AND, OR or the end'],
    ['(metrics.a > 1', 15, 'the end', 'AND, OR or ")"'],
    ['metrics.a > 1)', 14, '")"', 'AND, OR or the end'],
    ['metrics.a > 1 AND', 18, 'the end', 'a field'],
    ["tags.team = 'risk", 13, "a text that ' opens and nothing closes", ''],
    ['tags.team = 7', 13, '"7"', "a text in '…'"],
    ["tags.team > 'a'", 13, '> with a text', '=, !=, LIKE'],
    ['metrics.a < NaN', 13, '< with NaN', 'NaN has no order'],
    ["metrics.a LIKE '1%'", 1, 'LIKE on metrics.a', 'LIKE on a text'],
    ['metrics.a NOT 7', 15, '"7"', 'LIKE, ILIKE or IN'],
    ['metrics.a IS 7', 14, '"7"', 'NULL or NOT NULL'],
    ['metrics.a IN 7', 14, '"7"', '"("'],
    ['metrics.a IN (7', 16, 'the end', '"," or ")"'],
    ["params.a IN (7, 'x')", 17, '"\'x\'"', 'a number as before it'],
    ["tags.a LIKE 'x\\'", 13, '', 'last backslash stands before a character'],
    ["attributes.startedAt > 'yesterday'", 24, "'yesterday'", 'an instant such as'],
    ["attributes.startedAt > '2026-02-31T99:00:00Z'", 24, '', 'an instant such as'],
    ['metrics.a = 1 ; drop table', 15, '";"', 'an operator'],
    ['metrics."" = 1', 1, 'a name of 0 characters', '1 to 250'],
    ['metrics."a\0" = 1', 1, 'a name of 2 characters', 'without U+0000'],
    ['metrics.a == 1', 12, '"="', 'a number'],
  ])('%s is refused at position %i', (text, position, found, expected) => {
    const error = refusal(() => parseFilter(text));
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT', details: { argument: 'filter', position } });
    expect(error.details.found).toContain(found);
    expect(error.details.expected).toContain(expected);
    expect(error.message).toBe(
      `filter, position ${position}: found ${error.details.found}, expected ${error.details.expected}.`,
    );
  });

  it('is bounded in characters, comparisons, depth, values and patterns', () => {
    const many = (count: number, text: string, join: string) => Array.from({ length: count }, () => text).join(join);
    const allowed = [
      many(filterLimits.comparisons, 'metrics.a > 1', ' AND '),
      `${'('.repeat(20)}metrics.a > 1${')'.repeat(20)}`,
      `metrics.a IN (${many(filterLimits.list, '1', ',')})`,
      `tags.a LIKE '${'%'.repeat(filterLimits.pattern)}'`,
    ];
    for (const text of allowed) expect(parseFilter(text)).not.toBeNull();
    const refused = [
      many(filterLimits.comparisons + 1, 'metrics.a > 1', ' AND '),
      `${'('.repeat(21)}metrics.a > 1${')'.repeat(21)}`,
      `${'NOT '.repeat(900)}metrics.a > 1`,
      `metrics.a IN (${many(filterLimits.list + 1, '1', ',')})`,
      `tags.a LIKE '${'%'.repeat(filterLimits.pattern + 1)}'`,
      ' '.repeat(filterLimits.characters + 1),
    ];
    for (const text of refused) expect(refusal(() => parseFilter(text)).code).toBe('BAD_USER_INPUT');
  });
});

describe('an order', () => {
  it.each([
    ['metrics.auc', 'ASC'],
    ['metrics.auc asc', 'ASC'],
    ['metrics.auc DESC', 'DESC'],
  ])('%s is %s', (text, direction) => {
    expect(parseOrder(text)).toEqual({ field: metric('auc'), direction });
  });

  it.each(['', 'auc', 'metrics.auc DOWN', 'metrics.auc DESC, metrics.b'])('%j is refused', (text) => {
    expect(refusal(() => parseOrder(text)).message).toMatch(/^orderBy, position \d+: found .+, expected .+\.$/);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: the tests look at what it holds.
function refusal(work: () => unknown): any {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('expected a refusal');
}
