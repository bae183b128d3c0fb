// Whose signature lets a version be promoted, over a real PostgreSQL.
import { readFileSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelFile } from './testing/model-file.js';
import { openRegistry, person } from './testing/open-registry.js';

const scientist = person('data-scientist');
const administrator = person('administrator');
const viewer = person('viewer');
const { signed } = JSON.parse(
  readFileSync(new URL('./testing/model-attestations/model-signing.json', import.meta.url), 'utf8'),
) as { signed: Record<string, { publicKey: string; bundle: Record<string, unknown> }> };
const { publicKey, bundle } = signed.prime256v1 as { publicKey: string; bundle: Record<string, unknown> };

let test: Awaited<ReturnType<typeof openRegistry>>;
beforeAll(async () => {
  test = await openRegistry();
});
afterAll(() => test?.close());

let models = 0;
const newModel = async (): Promise<string> => {
  const name = `signed-${models++}`;
  await test.ask(scientist, `mutation { createModel(input: { name: "${name}" }) { model { id } } }`);
  return name;
};
const bring = (modelName: string, fields: Record<string, unknown> = {}) =>
  test.ask(
    scientist,
    'mutation ($input: RegisterExternalModelInput!) { registerExternalModel(input: $input) { modelVersion { id } } }',
    {
      input: {
        modelName,
        source: 'vendor 1.0',
        zone: 'AE',
        categories: ['none'],
        contentBase64: Buffer.from(modelFile('onnx-dense')).toString('base64'),
        ...fields,
      },
    },
  );
const ATTESTED = 'attestations { modelVersionId signer { kind name keyId keyZone } bundle }';
const attest = (modelVersionId: string, sent?: unknown, who = scientist) =>
  test.ask(
    who,
    `mutation ($input: AttestModelVersionInput!) { attestModelVersion(input: $input) { attestation { id signer { name } } } }`,
    { input: { modelVersionId, ...(sent === undefined ? {} : { bundle: sent }) } },
  );
const attestationsOf = async (id: string) =>
  (await test.ask(viewer, `{ modelVersion(id: "${id}") { ${ATTESTED} } }`)).data.modelVersion.attestations;
const gate = async (modelVersionId: string) => {
  const { data } = await test.ask(
    scientist,
    'query ($id: ID!) { promotionCheck: evaluatePromotion(modelVersionId: $id, alias: "champion") { checks { checkId kind status found whatToDo evidence { name value } } } }',
    { id: modelVersionId },
  );
  return data.promotionCheck.checks.find(({ checkId }: { checkId: string }) => checkId === 'attestation');
};
const trust = (name: string, pem: string, who = administrator) =>
  test.ask(
    who,
    'mutation ($input: TrustModelSignerInput!) { trustModelSigner(input: $input) { signer { id kind name keyId distrustedAt } } }',
    { input: { name, publicKey: pem } },
  );
const register = async (name: string, runId: string): Promise<string> => {
  test.addRun(runId);
  const { data, message } = await test.ask(
    scientist,
    `mutation { createModelVersion(input: { modelName: "${name}", runId: "${runId}" }) { modelVersion { id } } }`,
  );
  expect(message).toBeUndefined();
  return data.createModelVersion.modelVersion.id;
};

describe('what a run of the platform trained', () => {
  it('is signed by the platform, by one key of its zone', async () => {
    const name = await newModel();
    const [first, second] = [await register(name, 'a'), await register(name, 'b')];
    const [attestation] = await attestationsOf(first);
    expect(attestation).toMatchObject({ modelVersionId: first, signer: { kind: 'PLATFORM', keyZone: 'AE' } });
    expect((await attestationsOf(second))[0].signer.keyId).toBe(attestation.signer.keyId);
    expect(await gate(first)).toMatchObject({
      kind: 'ATTESTATION',
      status: 'PASS',
      found: 'signed by Falaj in AE',
      evidence: expect.arrayContaining([{ name: expect.stringMatching(/^sgn_/), value: attestation.signer.keyId }]),
    });
    expect(await attest(first)).toMatchObject({ code: 'CONFLICT' });
  });

  it('holds by the earlier key after that was retired, and is signed by another from then on', async () => {
    const name = await newModel();
    const before = await register(name, 'c');
    test.retireKeys();
    const after = await register(name, 'd');
    const keys = [(await attestationsOf(before))[0], (await attestationsOf(after))[0]].map(
      ({ signer }) => signer.keyId,
    );
    expect(keys[0]).not.toBe(keys[1]);
    for (const id of [before, after]) expect(await gate(id)).toMatchObject({ status: 'PASS' });
  });

  it('is signed afterwards where it was registered before there were signatures', async () => {
    const id = await register(await newModel(), 'e');
    const old = JSON.stringify({ id: 'mv_old', version: 99, run_id: 'old' });
    await test.system(sql`insert into models.model_version
      select (jsonb_populate_record(v, ${old}::jsonb)).* from models.model_version v where id = ${id}`);
    expect(await gate('mv_old')).toMatchObject({
      status: 'FAIL',
      whatToDo: expect.stringContaining('attestModelVersion'),
    });
    expect((await attest('mv_old')).data.attestModelVersion.attestation.signer.name).toBe('Falaj in AE');
    expect(await gate('mv_old')).toMatchObject({ status: 'PASS' });
  });
});

describe('a model from outside', () => {
  it('is not promoted without a signature, nor with one of somebody whom nobody trusts', async () => {
    const name = await newModel();
    expect(await bring(name, { attestation: bundle })).toMatchObject({
      code: 'MODEL_REFUSED',
      details: { rule: 'MODEL_ATTESTATION' },
    });
    const id = (await bring(name)).data.registerExternalModel.modelVersion.id;
    expect(await attestationsOf(id)).toEqual([]);
    expect(await gate(id)).toMatchObject({
      status: 'FAIL',
      found: 'not signed',
      whatToDo: expect.stringContaining('trustModelSigner'),
    });
    expect(await attest(id)).toMatchObject({ code: 'PRECONDITION_FAILED', details: { rule: 'PLATFORM_ATTESTATION' } });
    expect(await attest(id, bundle)).toMatchObject({ code: 'MODEL_REFUSED', details: { rule: 'MODEL_ATTESTATION' } });
    expect(await attest(id, { mediaType: 'none' })).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('is promoted by a signature of a publisher whom an administrator trusts, until they do no more', async () => {
    expect(await trust('the vendor', publicKey, scientist)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await trust('the vendor', 'no key')).toMatchObject({ code: 'BAD_USER_INPUT' });
    const { signer } = (await trust('the vendor', publicKey)).data.trustModelSigner;
    expect(signer).toMatchObject({ kind: 'PUBLISHER', name: 'the vendor', distrustedAt: null });
    expect(await trust('again', publicKey)).toMatchObject({ code: 'CONFLICT' });

    const signedAtOnce = (await bring(await newModel(), { attestation: bundle })).data.registerExternalModel
      .modelVersion.id;
    const later = (await bring(await newModel())).data.registerExternalModel.modelVersion.id;
    expect(await attest(later, bundle, viewer)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await attest(later, bundle)).toMatchObject({ code: undefined });
    for (const id of [signedAtOnce, later])
      expect(await gate(id)).toMatchObject({ status: 'PASS', found: 'signed by the vendor' });
    // Of other bytes it says nothing.
    expect(
      await bring(await newModel(), {
        attestation: bundle,
        contentBase64: Buffer.from(modelFile('onnx-sklearn')).toString('base64'),
      }),
    ).toMatchObject({ code: 'MODEL_REFUSED', message: expect.stringContaining('it is of other bytes') });

    const distrust = () =>
      test.ask(
        administrator,
        'mutation ($input: DistrustModelSignerInput!) { distrustModelSigner(input: $input) { signer { distrustedAt distrustReason } } }',
        { input: { signerId: signer.id, reason: 'their key was stolen' } },
      );
    const both = await Promise.all([distrust(), distrust()]);
    expect(both.map(({ code }) => code).sort()).toEqual(['CONFLICT', undefined]);
    expect(await gate(later)).toMatchObject({
      status: 'FAIL',
      found: expect.stringContaining('the vendor: not trusted since'),
    });
    expect(await bring(await newModel(), { attestation: bundle })).toMatchObject({ code: 'MODEL_REFUSED' });
    expect(await trust('the vendor', publicKey)).toMatchObject({ code: 'CONFLICT' });
    expect(
      await test.system(sql`select action, count(*)::int from audit.record where outcome = 'SUCCEEDED'
        and action in ('trustModelSigner', 'distrustModelSigner', 'attestModelVersion') group by 1 order by 1`),
    ).toEqual([
      // One by the platform, above.
      { action: 'attestModelVersion', count: 2 },
      { action: 'distrustModelSigner', count: 1 },
      { action: 'trustModelSigner', count: 1 },
    ]);
  });
});
