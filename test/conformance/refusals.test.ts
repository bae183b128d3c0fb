// Whoever is refused by a rule learns which rule, what was found, the limit and what to do. No source may say less: these
// codes are thrown by `refused` alone, whose type asks for all four.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { refused, refusedByAll } from '@falaj/runtime';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const CODES = [
  'PRECONDITION_FAILED',
  'COMPLIANCE_FAILED',
  'BUDGET_EXCEEDED',
  'STAGE_REFUSED',
  'MODEL_REFUSED',
  'RESIDENCY_VIOLATION',
];
/** What is refused here is refused by no rule of the house, but by the state of a process or of data. */
const REASONS: Readonly<Record<string, string>> = {
  'packages/identity/src/operator-token.ts': 'the command line, on the own machine',
  'packages/identity/src/principals.ts': 'a disabled principal',
  'packages/workflows/src/workers.ts': 'a misuse by the program',
  'packages/workflows/src/runs.ts': 'a misuse by the program',
  'packages/workflows/src/held-run.ts': 'a misuse by the program',
  'subgraphs/models/src/schema/external-model.ts': 'a process without a landing folder',
  'subgraphs/experiments/src/pipeline-services.ts': 'a process without a workflow engine',
  'subgraphs/experiments/src/domain/training-run.ts': 'data that cannot be trained on: the run fails, no mutation',
  'subgraphs/experiments/src/domain/pipeline/references.ts': 'a definition that names nothing',
  'subgraphs/deployments/src/inference/served-model.ts': 'inference, no mutation',
  'subgraphs/deployments/src/inference/feature-plan.ts': 'inference, no mutation',
  'subgraphs/deployments/src/store/endpoint-routes.ts': 'inference, no mutation',
};

const sources = globSync('{packages,subgraphs}/*/src/**/*.ts', { cwd: root }).filter(
  (path) => !/\.test\.ts$|\/testing\//.test(path),
);
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('refusals', () => {
  it('stand in one place', () => {
    expect(sources.length).toBeGreaterThan(300);
    const bare = new RegExp(`new PlatformError\\(\\s*'(?:${CODES.join('|')})'`);
    const found = sources.filter((path) => bare.test(read(path)));
    expect(found.filter((path) => !(path in REASONS))).toEqual([]);
    expect(Object.keys(REASONS).filter((path) => !found.includes(path))).toEqual([]);
  });

  it('leave nothing blank, and say what to do as it is read after "What to do:"', () => {
    const parts = sources.flatMap((path) =>
      [...read(path).matchAll(/\b(rule|found|limit|whatToDo): '((?:[^'\\]|\\.)*)'/g)].map(([, name, text]) => ({
        path,
        name,
        text: text ?? '',
      })),
    );
    expect(parts.filter(({ name }) => name === 'whatToDo').length).toBeGreaterThan(40);
    expect(parts.filter(({ text }) => text.trim() === '')).toEqual([]);
    expect(parts.filter(({ name, text }) => name === 'whatToDo' && /\.$|^[A-Z][a-z]/.test(text))).toEqual([]);
    expect(parts.filter(({ name, text }) => name === 'rule' && !/^[A-Z][A-Z0-9_]+$/.test(text))).toEqual([]);
  });

  it('carry all four in their details and their message', () => {
    const refusal = { rule: 'ONE_SHADOW', found: 'shadow sh_1', limit: 'one', whatToDo: 'stop it first' };
    expect(refused(refusal, 'PRECONDITION_FAILED', { endpointId: 'e' })).toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: 'ONE_SHADOW: found shadow sh_1, needed one. What to do: stop it first.',
      details: { ...refusal, endpointId: 'e' },
    });
    const both = refusedByAll([refusal, { ...refusal, rule: 'ANOTHER' }], 'BUDGET_EXCEEDED');
    expect(both.details).toEqual({ refusals: [refusal, { ...refusal, rule: 'ANOTHER' }] });
    expect(both.message).toMatch(/ONE_SHADOW: .* ANOTHER: /);
  });
});
