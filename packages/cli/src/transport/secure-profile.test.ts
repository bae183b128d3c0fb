import { expect, it } from 'vitest';
import {
  assertSecureDatabase,
  assertSecureTransport,
  describeTransport,
  type ProcessTraffic,
  plaintextOf,
} from './secure-profile.js';

type Config = Parameters<typeof assertSecureTransport>[0];

const production: Config = { profile: 'production', listen: { host: '127.0.0.1', port: 4000 } };
const open: Config = { ...production, listen: { host: '0.0.0.0', port: 4000 } };
const tls = { certificate: 'a', key: 'b' };
const internalTls = {
  ...tls,
  trustDomain: 'falaj.test',
  authorities: 'c',
  listen: { host: '127.0.0.1', port: 4001 },
  monitors: [],
};
const alone: ProcessTraffic = { gateway: true, others: {}, databaseUrl: undefined };
const database = (databaseUrl: string): ProcessTraffic => ({ ...alone, databaseUrl });
const models = (url: string): ProcessTraffic => ({ ...alone, others: { FALAJ_SUBGRAPH_MODELS_URL: url } });
const subgraph = (url: string): ProcessTraffic => ({ ...alone, gateway: false, others: { FALAJ_GATEWAY_URL: url } });

it.each<[string, Config, ProcessTraffic]>([
  ['development, whatever it does', { ...open, profile: 'development' }, models('http://10.0.0.7:4103')],
  ['this machine', production, database('postgres://falaj@localhost/falaj')],
  ['::1', { ...production, listen: { host: '::1', port: 1 } }, models('http://[::1]:4103')],
  ['a socket', production, database('postgres://falaj@/falaj?host=/run/postgresql')],
  ['TLS at the edge', { ...open, tls }, alone],
  ['a written reason', { ...open, plaintextExceptions: { edge: 'nginx on this host ends TLS' } }, alone],
  ['mutual TLS', { ...open, tls, internalTls }, models('https://10.0.0.7:4103')],
  ['a subgraph by mutual TLS', { ...open, internalTls }, subgraph('https://10.0.0.1:4001')],
  ['a mesh', { ...open, plaintextExceptions: { internal: 'the mesh encrypts' } }, subgraph('http://gateway:4001')],
  ['a verified database', production, database('postgres://falaj@db.example/falaj?sslmode=verify-full')],
])('starts: %s', (_, config, traffic) => {
  expect(() => assertSecureTransport(config, traffic)).not.toThrow();
});

it.each<[string, Config, ProcessTraffic, RegExp]>([
  ['an open edge', open, alone, /listen\.host is 0\.0\.0\.0 without tls: set tls, or .*plaintextExceptions\.edge/],
  ['every address', { ...production, listen: { host: '::', port: 1 } }, alone, /listen\.host is :: without tls/],
  [
    'a name that only looks local',
    { ...production, listen: { host: '127.0.0.1.example', port: 1 } },
    alone,
    /listen\.host/,
  ],
  ['an open subgraph', { ...open, tls }, subgraph('http://127.0.0.1:4000'), /without internalTls/],
  [
    'a reason for another traffic',
    { ...open, plaintextExceptions: { database: 'the same rack' } },
    alone,
    /listen\.host/,
  ],
  [
    'a subgraph asked in the clear',
    production,
    models('http://10.0.0.7:4103'),
    /FALAJ_SUBGRAPH_MODELS_URL is http:\/\/10\.0\.0\.7:4103: set internalTls/,
  ],
  ['TLS without roles', production, models('https://10.0.0.7:4103'), /FALAJ_SUBGRAPH_MODELS_URL/],
  ['roles without TLS', { ...production, internalTls }, models('http://10.0.0.7:4103'), /FALAJ_SUBGRAPH_MODELS_URL/],
  ['a gateway asked in the clear', production, subgraph('http://gateway:4001'), /FALAJ_GATEWAY_URL/],
  ['an open public address', { ...production, publicUrl: 'http://falaj.example' }, alone, /publicUrl is http:/],
  [
    'a database that is not verified',
    production,
    database('postgres://falaj:pw@db.example/falaj?sslmode=require'),
    /database is at db\.example: .*verify-full/,
  ],
  ['a host in the parameters', production, database('postgres://localhost/falaj?host=db.example'), /db\.example/],
  [
    'TLS that is taken back',
    production,
    database('postgres://db.example/falaj?sslmode=verify-full&ssl=0'),
    /verify-full/,
  ],
  [
    'a mode given twice',
    production,
    database('postgres://db.example/falaj?sslmode=verify-full&sslmode=disable'),
    /verify-full/,
  ],
])('does not start: %s', (_, config, traffic, message) => {
  let thrown: Error | undefined;
  try {
    assertSecureTransport(config, traffic);
  } catch (error) {
    thrown = error as Error;
  }
  expect(thrown).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) });
  expect(thrown?.message).not.toContain('pw@');
});

it('a command that only connects to the database is held to that alone', () => {
  const url = 'postgres://falaj@db.example/falaj';
  expect(() => assertSecureDatabase(open, url)).toThrow(/db\.example/);
  for (const config of [
    { ...open, profile: 'development' as const },
    { ...open, plaintextExceptions: { database: 'a tunnel on this host' } },
  ])
    expect(() => assertSecureDatabase(config, url)).not.toThrow();
  expect(() => assertSecureDatabase(open, undefined)).not.toThrow();
});

it('the checks of compliance hear of it in every profile, with the reason', () => {
  const traffic = { ...models('http://10.0.0.7:4103'), databaseUrl: 'postgres://falaj:pw@db.example/falaj' };
  const excused = {
    ...open,
    profile: 'development' as const,
    plaintextExceptions: { edge: 'nginx on this host ends TLS' },
  };
  expect(plaintextOf(excused, traffic)).toEqual([
    { what: 'listen.host is 0.0.0.0 without tls', reason: 'nginx on this host ends TLS' },
    { what: 'FALAJ_SUBGRAPH_MODELS_URL is http://10.0.0.7:4103', reason: null },
    { what: 'the database is at db.example', reason: null },
  ]);
  expect(plaintextOf(production, alone)).toEqual([]);
});

it('the readiness says what is excepted, and why', () => {
  expect(describeTransport({ ...open, plaintextExceptions: { edge: 'nginx on this host ends TLS' } }).detail).toBe(
    'edge may be plaintext: nginx on this host ends TLS',
  );
  expect(describeTransport(production).detail).toBe('plaintext on this machine');
});
