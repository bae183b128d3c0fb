// What stands before SCIM itself: how often, in which form. The rest is asked of a whole platform in test/security.
import { anonymous, RateBuckets } from '@falaj/runtime';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, expect, it } from 'vitest';
import { mountScim } from './scim-routes.js';

let app: FastifyInstance | undefined;
afterEach(() => app?.close());

const open = async ({ addresses = 100, provisioners = 100 }) => {
  const rates = {
    provisioningAddresses: new RateBuckets('provisioningPerMinute', addresses),
    provisioners: new RateBuckets('provisioningPerMinute', provisioners),
  };
  app = Fastify();
  const identity = { authenticateProvisioner: async () => anonymous };
  await mountScim(
    { provisioning: [], publicUrl: 'https://falaj.example' } as never,
    {} as never,
    identity as never,
    { abilityFor: () => Promise.reject(new Error('not asked')) } as never,
    rates as never,
  )(app);
  return (payload?: string, type = 'application/scim+json') =>
    app?.inject({
      method: payload === undefined ? 'GET' : 'POST',
      url: '/scim/v2/ws_1/Users',
      ...(payload === undefined ? {} : { payload, headers: { 'content-type': type } }),
    });
};

it.each([{ addresses: 2 }, { provisioners: 2 }])('holds back who asks too often: %j', async (limit) => {
  const ask = await open(limit);
  for (let n = 0; n < 2; n += 1) expect((await ask())?.statusCode).toBe(401);
  const late = await ask();
  expect(late?.statusCode).toBe(429);
  expect(late?.headers).toMatchObject({
    'retry-after': '30',
    'content-type': expect.stringContaining('application/scim+json'),
  });
  expect(late?.json()).toMatchObject({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '429' });
});

it('takes JSON of both names, and nothing that would change what objects are', async () => {
  const ask = await open({});
  for (const type of ['application/json', 'application/scim+json'])
    expect((await ask('{}', type))?.statusCode).toBe(401);
  for (const [payload, type] of [
    ['{"__proto__": {"active": true}}', 'application/scim+json'],
    ['{', 'application/scim+json'],
    ['<a/>', 'application/xml'],
  ] as const) {
    const refused = await ask(payload, type);
    expect([refused?.statusCode, refused?.json().scimType]).toEqual([400, 'invalidSyntax']);
  }
});
