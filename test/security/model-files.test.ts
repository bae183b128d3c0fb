// Files that run code, reach outside or lie about themselves, and files that nobody vouches for.
import { linkSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AttackedPlatform, startAttacked } from './platform.js';

const fixture = (path: string) =>
  JSON.parse(readFileSync(new URL(`../../subgraphs/models/src/testing/${path}`, import.meta.url), 'utf8'));
const files: Record<string, string> = fixture('model-files/model-files.json');
const bytesOf = (name: string) => Buffer.from(files[name] ?? '', 'base64');
/** Signed by the reference implementation of OpenSSF Model Signing. */
const { publicKey, bundle } = fixture('model-attestations/model-signing.json').signed.prime256v1;

let platform: AttackedPlatform;
beforeAll(async () => {
  platform = await startAttacked();
  for (const name of Object.keys(files)) writeFileSync(join(platform.landing, name), bytesOf(name));
  writeFileSync(join(platform.landing, 'one-name'), bytesOf('onnx-sklearn'));
  linkSync(join(platform.landing, 'one-name'), join(platform.landing, 'another-name'));
  symlinkSync('/etc/passwd', join(platform.landing, 'link'));
}, 180_000);
afterAll(() => platform?.stop());

const bring = (landingPath: string, more: Record<string, unknown> = {}) =>
  platform.ask(
    'data-scientist',
    'mutation ($input: RegisterExternalModelInput!) { registerExternalModel(input: $input) { modelVersion { id } } }',
    {
      variables: {
        input: {
          modelName: 'flight-delay',
          landingPath,
          source: 'a vendor',
          zone: 'AE',
          categories: ['none'],
          ...more,
        },
      },
    },
  );

describe('a model file', () => {
  it.each([
    ['pickle-2', 'INT-002'],
    ['pickle-5', 'INT-002'],
    ['torch-zip', 'INT-002'],
    ['keras-lambda-h5', 'INT-002'],
    ['safetensors', 'INT-002'],
    ['onnx-truncated', 'INT-003'],
    ['onnx-external-passwd', 'INT-004'],
    ['onnx-external-disguised', 'INT-004'],
    ['onnx-custom-domain', 'INT-005'],
    ['onnx-loop', 'INT-006'],
    ['onnx-bomb', 'INT-009'],
  ])('that is %s is refused by %s, and nothing is kept', async (name, rule) => {
    const before = await platform.rowCounts();
    expect(await bring(name)).toMatchObject({ code: 'MODEL_REFUSED', details: { rule } });
    expect(await platform.rowCounts()).toEqual(before);
  });

  it.each(['another-name', 'link', '../database', '/etc/passwd'])(
    'is not taken from %s, which is or may be elsewhere',
    async (path) => {
      expect(await bring(path)).toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'landingPath' } });
    },
  );
});

describe('a model of which nobody vouches for the file', () => {
  const verdictOf = async (modelVersionId: string) => {
    const { data } = await platform.ask(
      'approver',
      'query ($id: ID!) { evaluatePromotion(modelVersionId: $id, alias: "champion") { passed checks { checkId status found } } }',
      { variables: { id: modelVersionId } },
    );
    return data.evaluatePromotion.checks.find(({ checkId }: { checkId: string }) => checkId === 'attestation');
  };

  it('is not promoted; with a signature that an administrator trusts this gate opens, and shuts with the trust', async () => {
    expect(await bring('onnx-dense', { attestation: bundle })).toMatchObject({
      code: 'MODEL_REFUSED',
      details: { rule: 'MODEL_ATTESTATION' },
    });
    const { id } = (await bring('onnx-dense')).data.registerExternalModel.modelVersion;
    expect(await verdictOf(id)).toMatchObject({ status: 'FAIL', found: 'not signed' });
    const promoted = await platform.ask(
      'data-scientist',
      `mutation { requestPromotion(input: { modelVersionId: "${id}", alias: "champion", reason: "it is there" }) {
        ... on PromotionBlocked { failed { checkId } } } }`,
    );
    expect(promoted.data.requestPromotion.failed).toContainEqual({ checkId: 'attestation' });
    // Nor by the way round the gates.
    expect(
      await platform.ask(
        'approver',
        `mutation { setModelAlias(input: { modelName: "flight-delay", alias: "champion", version: 2 }) { alias { id } } }`,
      ),
    ).toMatchObject({ code: 'FORBIDDEN' });

    const attest = () =>
      platform.ask(
        'data-scientist',
        'mutation ($input: AttestModelVersionInput!) { attestModelVersion(input: $input) { attestation { id } } }',
        { variables: { input: { modelVersionId: id, bundle } } },
      );
    expect(await attest()).toMatchObject({ code: 'MODEL_REFUSED', details: { rule: 'MODEL_ATTESTATION' } });
    const trusted = await platform.ask(
      'administrator',
      'mutation ($input: TrustModelSignerInput!) { trustModelSigner(input: $input) { signer { id } } }',
      { variables: { input: { name: 'a vendor', publicKey } } },
    );
    expect((await attest()).errors).toEqual([]);
    expect(await verdictOf(id)).toMatchObject({ status: 'PASS', found: 'signed by a vendor' });
    const signer = trusted.data.trustModelSigner.signer.id;
    const distrusted = await platform.ask(
      'administrator',
      `mutation { distrustModelSigner(input: { signerId: "${signer}", reason: "stolen" }) { signer { distrustedAt } } }`,
    );
    expect(distrusted.errors).toEqual([]);
    expect(await verdictOf(id)).toMatchObject({ status: 'FAIL' });
  });

  it('is no matter for who is not of the workspace', async () => {
    const page = '{ modelSigners(first: 10) { edges { node { name publicKey } } } }';
    expect((await platform.ask('viewer', page)).data.modelSigners.edges).not.toEqual([]);
    expect((await platform.ask('viewer', page, { from: platform.elsewhere })).data.modelSigners.edges).toEqual([]);
    expect((await platform.ask('outsider', page)).data?.modelSigners?.edges ?? []).toEqual([]);
  });
});
