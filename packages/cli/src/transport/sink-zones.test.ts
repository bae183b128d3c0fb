import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { configSchema } from '../config.js';
import { describeTransport } from './secure-profile.js';
import { assertSinkZones, sinksOf } from './sink-zones.js';
import { zoneExceptions, zoneName } from './transport-config.js';

type Config = Parameters<typeof assertSinkZones>[0];

const production: Config = { profile: 'production', zone: 'AE', logs: {}, tracing: { ratio: 0.05 } };
const traces = (endpoint: string, zone?: string): Config => ({
  ...production,
  tracing: { ratio: 0.05, endpoint, ...(zone ? { zone } : {}) },
});
const remote = 'https://user:pw@otel.example:4318/v1/traces';
const local = 'http://127.0.0.1:4318/v1/traces';

it.each<[string, Config]>([
  ['logs where the installation stands', production],
  ['a collector on this machine', traces(local)],
  ['a collector elsewhere in the zone', traces(remote, 'AE')],
  ['a written reason', { ...traces(remote), zoneExceptions: { traces: 'spans carry names only' } }],
  ['development, whatever it does', { ...traces(remote, 'US'), profile: 'development' }],
])('starts: %s', (_, config) => expect(() => assertSinkZones(config)).not.toThrow());

it.each<[string, Config, RegExp]>([
  [
    'a collector of which nobody knows',
    traces(remote),
    /go to otel\.example, and tracing\.zone.*zoneExceptions\.traces/,
  ],
  ['a name that only looks local', traces('http://localhost.example:4318'), /tracing\.zone does not say/],
  ['every address', traces('http://0.0.0.0:4318'), /tracing\.zone does not say/],
  ['a collector abroad', traces(remote, 'US'), /tracing\.zone is US, this installation stands in AE/],
  ['a free zone', traces(local, 'AE-DIFC'), /tracing\.zone is AE-DIFC/],
  ['logs abroad', { ...production, logs: { zone: 'GB' } }, /logs\.zone is GB.*zoneExceptions\.logs/],
  ['a reason for the other', { ...traces(remote), zoneExceptions: { logs: 'ids and no values' } }, /tracing\.zone/],
])('does not start: %s', (_, config, message) => {
  let thrown: Error | undefined;
  try {
    assertSinkZones(config);
  } catch (error) {
    thrown = error as Error;
  }
  expect(thrown).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) });
  expect(thrown?.message).not.toContain('pw');
});

it('compliance and the readiness hear of it, with the reason', () => {
  const excused: Config = { ...traces(remote), zoneExceptions: { traces: 'spans carry names only' } };
  expect(sinksOf(excused)).toEqual([
    { name: 'logs', zone: 'AE', reason: null },
    { name: 'traces', zone: null, reason: 'spans carry names only' },
  ]);
  const listening = { ...excused, listen: { host: '127.0.0.1', port: 4000 } };
  expect(describeTransport(listening).detail).toBe('traces may leave the zone: spans carry names only');
});

it('a reason is a sentence, a zone is a zone', () => {
  for (const wrong of ['', ' ', 'because', '          '])
    expect(zoneExceptions.safeParse({ logs: wrong }).success).toBe(false);
  for (const wrong of ['ae', 'AE ', 'AE-', 'world', '']) expect(zoneName.safeParse(wrong).success).toBe(false);
});

/** Settings by their path, with their JSON schema; of unions, records and lists what they are made of. */
function settings(node: z.core.JSONSchema.JSONSchema, path = ''): [string, z.core.JSONSchema.JSONSchema][] {
  const below = (node.anyOf ?? []).concat((node.items as z.core.JSONSchema.JSONSchema | undefined) ?? []);
  return [
    [path, node],
    ...Object.entries(node.properties ?? {}).flatMap(([name, value]) =>
      settings(value as z.core.JSONSchema.JSONSchema, path ? `${path}.${name}` : name),
    ),
    ...below.flatMap((each) => settings(each as z.core.JSONSchema.JSONSchema, path)),
  ];
}

it('every place that a configuration can name stands in the guide, with its zone or why it needs none', () => {
  const guide = readFileSync(new URL('../../../../docs/guides/keep-data-in-its-zone.md', import.meta.url), 'utf8');
  const places = settings(z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }))
    .filter(
      ([path, { format }]) =>
        format === 'uri' || /(url|uri|endpoint|host|folder|directory|mirror|sink|target)$/i.test(path),
    )
    .map(([path]) => path);
  expect(places).toEqual(
    expect.arrayContaining([
      'tracing.endpoint',
      'dataDirectory',
      'audit.archiveFolder',
      'issuers.jwksUri',
      'publicUrl',
    ]),
  );
  for (const path of new Set(places)) expect(guide, `\`${path}\` in the guide`).toContain(`\`${path}\``);
});
