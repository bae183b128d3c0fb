// The rules of direction can fail: each is broken on purpose in a small tree, and the checker must name it.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const trees: string[] = [];
afterAll(() => {
  for (const tree of trees) rmSync(tree, { recursive: true });
});

function checked(tree: string): { status: number | null; said: string; broken: string[] } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts/check-directions.mjs'), tree], {
    encoding: 'utf8',
  });
  const broken = stderr.split('\n').flatMap((line) => /^([a-z-]+): .+ → /.exec(line)?.[1] ?? []);
  return { status, said: stdout + stderr, broken };
}

const packageOf = (name: string) =>
  JSON.stringify({ name, type: 'module', exports: { '.': { source: './src/index.ts', default: './dist/index.js' } } });

/** A tree of packages that obeys every rule, with the given files written over it. */
function treeWith(files: Readonly<Record<string, string>>): string {
  const tree = mkdtempSync(join(tmpdir(), 'falaj-directions-'));
  trees.push(tree);
  const workspaces = {
    '@falaj/gateway': 'gateway',
    '@falaj/runtime': 'packages/runtime',
    '@falaj/policy': 'packages/policy',
    '@falaj/plugin-one': 'plugins/one',
    '@falaj/subgraph-one': 'subgraphs/one',
    '@falaj/subgraph-two': 'subgraphs/two',
  };
  const all: Record<string, string> = {
    'packages/policy/src/rule.ts': 'export const rule = 1;\n',
    'test/journeys/journey.ts': 'export const journey = 1;\n',
  };
  for (const folder of Object.values(workspaces)) all[`${folder}/src/index.ts`] = 'export const one = 1;\n';
  for (const [name, folder] of Object.entries(workspaces)) {
    all[`${folder}/package.json`] = packageOf(name);
  }
  for (const name of ['graphql', 'type-graphql']) {
    all[`node_modules/${name}/package.json`] = JSON.stringify({ name, main: './index.js' });
    all[`node_modules/${name}/index.js`] = 'exports.one = 1;\n';
  }
  for (const [path, text] of Object.entries({ ...all, ...files })) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  mkdirSync(join(tree, 'node_modules/@falaj'));
  for (const [name, folder] of Object.entries(workspaces))
    symlinkSync(join(tree, folder), join(tree, 'node_modules', name));
  return tree;
}

const use = (specifier: string) => `import { one } from '${specifier}';\nexport const two = one;\n`;
const useType = (specifier: string) => `import type { one } from '${specifier}';\nexport type Two = typeof one;\n`;

it('reads every source of this repository', () => {
  const { said } = checked(root);
  expect(Number(/^(\d+) modules/m.exec(said)?.[1])).toBeGreaterThan(200);
  expect(said).not.toContain('not read');
});

it('finds nothing in a tree that obeys', () => {
  const tree = treeWith({
    'subgraphs/one/src/schema/type.ts': use('type-graphql'),
    'subgraphs/one/src/main.ts': use('@falaj/policy'),
    'gateway/src/serve.ts': use('@falaj/runtime'),
  });
  expect(checked(tree)).toMatchObject({ status: 0, broken: [] });
});

describe('finds a violation of', () => {
  it.each<[string, Record<string, string>]>([
    ['no-cycle', { 'packages/policy/src/a.ts': use('./b.js'), 'packages/policy/src/b.ts': use('./a.js') }],
    ['domain-is-pure', { 'subgraphs/one/src/domain/thing.ts': use('graphql') }],
    ['domain-is-pure', { 'subgraphs/one/src/domain/thing.ts': useType('@falaj/policy') }],
    ['subgraphs-are-strangers', { 'subgraphs/one/src/main.ts': use('@falaj/subgraph-two') }],
    ['plugins-see-only-sdk', { 'plugins/one/src/store.ts': use('@falaj/runtime') }],
    ['packages-look-down', { 'packages/policy/src/upward.ts': use('@falaj/subgraph-one') }],
    ['gateway-holds-no-business', { 'gateway/src/guard.ts': useType('@falaj/policy') }],
    ['decorators-live-in-schema', { 'subgraphs/one/src/main.ts': use('type-graphql') }],
    ['no-deep-imports', { 'subgraphs/one/src/main.ts': use('../../../packages/policy/src/rule.js') }],
    [
      'tests-are-leaves',
      {
        'packages/policy/src/rule.test.ts': 'export const one = 1;\n',
        'packages/policy/src/user.ts': use('./rule.test.js'),
      },
    ],
    ['tests-are-leaves', { 'packages/policy/src/user.ts': use('../../../test/journeys/journey.js') }],
  ])('%s', (rule, files) => {
    const { status, broken } = checked(treeWith(files));
    expect(new Set(broken)).toEqual(new Set([rule]));
    expect(status).toBe(1);
  });
});
