import { expect, test } from 'vitest';
import { definePlugin, isPluginError, type KeysV1, type PluginHost, type StandardSchemaV1 } from './index.js';

// A hand-made schema: the SDK must accept any Standard Schema, not one library's.
const schema: StandardSchemaV1<unknown, { size: number }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      const { size = 3, names = [] } = value as { size?: unknown; names?: unknown[] };
      const issues = [
        ...(typeof size === 'number' ? [] : [{ message: 'expected number', path: ['size'] }]),
        ...names.flatMap((name, index) =>
          typeof name === 'string' ? [] : [{ message: 'expected string', path: [{ key: 'names' }, index] }],
        ),
      ];
      return issues.length > 0 ? { issues } : { value: { size: size as number } };
    },
  },
};

const opened: number[] = [];
const plugin = definePlugin({
  kind: 'keys',
  name: 'sample',
  contract: 1,
  config: schema,
  create: ({ size }) => {
    opened.push(size);
    return {} as KeysV1;
  },
});
const host = {} as PluginHost;

test('the plugin is an inert tagged value with defaults filled in', () => {
  expect(opened).toEqual([]);
  expect(plugin).toMatchObject({ $type: 'falaj/plugin', kind: 'keys', name: 'sample', contract: 1 });
  expect(plugin).toMatchObject({ capabilities: [], egress: [], isolation: 'inline' });
  expect(Object.isFrozen(plugin)).toBe(true);
});

test('open hands the validated configuration to create, absent configuration included', async () => {
  await plugin.open(undefined, host);
  await plugin.open({ size: 7 }, host);
  expect(opened).toEqual([3, 7]);
});

test('open names every refused path at once', async () => {
  const error = await plugin.open({ size: 'x', names: ['a', 1] }, host).catch((thrown: unknown) => thrown);
  expect(isPluginError(error)).toBe(true);
  expect(error).toMatchObject({
    code: 'BAD_INPUT',
    retryable: false,
    message: 'sample.size: expected number\nsample.names.1: expected string',
  });
});
