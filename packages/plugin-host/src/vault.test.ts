import { createHash, randomBytes } from 'node:crypto';
import type { ArtifactStoreV1, KeysV1, WrappedKey } from '@falaj/contracts';
import { PluginError } from '@falaj/plugin-sdk';
import { expect, test } from 'vitest';
import { createCall } from './call.js';
import { readHeader } from './envelope.js';
import { createArtifactVault } from './vault.js';

const call = createCall({ id: 'u1' }, { workspaceId: 'w1', zone: 'AE' });
const place = { workspaceId: 'w1', zone: 'AE' };

/** Keys that keep what they wrapped in memory, bound to the context; enough to prove what the vault does with them. */
function memory() {
  const objects = new Map<string, Uint8Array>();
  const wraps = new Map<string, { key: Uint8Array; context: string }>();
  let version = 1;
  const keys = {
    async wrap({ keyRef, key, context }) {
      const ciphertext = randomBytes(40);
      const keyId = `${keyRef}#${version}`;
      wraps.set(`${keyId} ${ciphertext.toString('hex')}`, { key: Uint8Array.from(key), context });
      return { keyId, ciphertext };
    },
    async unwrap({ wrapped, context }) {
      const found = wraps.get(`${wrapped.keyId} ${Buffer.from(wrapped.ciphertext).toString('hex')}`);
      if (!found || found.context !== context) throw new PluginError('CORRUPT', 'wrong');
      return Uint8Array.from(found.key);
    },
    async rewrap({ wrapped, context }, call): Promise<WrappedKey> {
      const key = await keys.unwrap({ wrapped, context }, call);
      return keys.wrap({ keyRef: wrapped.keyId.split('#')[0] as string, key, context }, call);
    },
  } as Pick<KeysV1, 'wrap' | 'unwrap' | 'rewrap'> as KeysV1;
  const store = {
    async put({ key, data }) {
      objects.set(key, Uint8Array.from(data));
      return { key, bytes: data.length, storedAt: 0 };
    },
    async get({ key }) {
      return objects.get(key) ?? null;
    },
    async remove({ key }) {
      objects.delete(key);
    },
  } as Pick<ArtifactStoreV1, 'put' | 'get' | 'remove'> as ArtifactStoreV1;
  const rotate = () => {
    version += 1;
  };
  return { objects, rotate, vault: createArtifactVault({ keys, store }) };
}

const MIB = 1 << 20;
const artifact = { ...place, key: 'm/1', contentType: 'application/octet-stream' };

test.each([0, 1, 1000, MIB - 1, MIB, MIB + 1, 3 * MIB, 10 * MIB + 17])(
  '%i bytes come back as they were',
  async (size) => {
    const { vault, objects } = memory();
    const data = new Uint8Array(randomBytes(size));
    const sealed = await vault.put({ ...artifact, data }, call);
    expect(sealed).toEqual({
      key: 'm/1',
      bytes: size,
      digest: `sha256:${createHash('sha256').update(data).digest('hex')}`,
    });
    const back = await vault.get('m/1', sealed.digest, place, call);
    expect(Buffer.compare(back, data)).toBe(0);
    if (size >= 1000)
      expect(Buffer.from(objects.get('m/1') as Uint8Array).includes(Buffer.from(data.subarray(0, 64)))).toBe(false);
  },
);

async function sealedSample() {
  const world = memory();
  const { digest } = await world.vault.put({ ...artifact, data: new Uint8Array(randomBytes(2 * MIB + 100)) }, call);
  const envelope = world.objects.get('m/1') as Uint8Array;
  return { ...world, digest, envelope, start: readHeader(envelope, 'm/1').payloadOffset };
}
const corrupt = { code: 'ARTIFACT_CORRUPT' };

test('another zone, workspace, key or digest is refused', async () => {
  const { vault, objects, digest, envelope } = await sealedSample();
  await expect(vault.get('m/1', digest, { ...place, zone: 'US' }, call)).rejects.toMatchObject(corrupt);
  await expect(vault.get('m/1', digest, { ...place, workspaceId: 'w2' }, call)).rejects.toMatchObject(corrupt);
  objects.set('m/2', envelope);
  await expect(vault.get('m/2', digest, place, call)).rejects.toMatchObject(corrupt);
  await expect(vault.get('m/1', `sha256:${'0'.repeat(64)}`, place, call)).rejects.toMatchObject(corrupt);
  await expect(vault.get('m/9', digest, place, call)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('truncated, extended, swapped and repeated chunks are refused', async () => {
  const { vault, objects, digest, envelope, start } = await sealedSample();
  const stride = MIB + 16;
  const head = envelope.subarray(0, start);
  const chunk = (index: number) => envelope.subarray(start + index * stride, start + (index + 1) * stride);
  const forged = [
    [head],
    [head, chunk(0)],
    [head, chunk(0), chunk(1)],
    [head, chunk(1), chunk(0), chunk(2)],
    [head, chunk(0), chunk(0), chunk(1), chunk(2)],
    [head, chunk(0), chunk(2)],
    [envelope.subarray(0, -1)],
    [envelope, new Uint8Array(1)],
    [envelope, new Uint8Array(17)],
    [envelope.subarray(0, 20)],
    [new Uint8Array(0)],
  ];
  for (const parts of forged) {
    objects.set('m/1', Uint8Array.from(Buffer.concat(parts)));
    await expect(vault.get('m/1', digest, place, call)).rejects.toMatchObject(corrupt);
  }
  objects.set('m/1', envelope);
  expect(await vault.get('m/1', digest, place, call)).toHaveLength(2 * MIB + 100);
});

test('one flipped bit anywhere in the header, and in samples of the payload, is refused', async () => {
  const { vault, objects } = memory();
  const { digest } = await vault.put({ ...artifact, data: new Uint8Array(randomBytes(300)) }, call);
  const envelope = objects.get('m/1') as Uint8Array;
  for (let position = 0; position < envelope.length; position++) {
    const flipped = Uint8Array.from(envelope);
    flipped[position] = (flipped[position] as number) ^ (1 << (position % 8));
    objects.set('m/1', flipped);
    await expect(vault.get('m/1', digest, place, call), `byte ${position}`).rejects.toMatchObject(corrupt);
  }
});

test('a rewrap changes key id and wrapped key only, and refuses another place', async () => {
  const { vault, objects, rotate, digest, envelope } = await sealedSample();
  rotate();
  await expect(vault.rewrap('m/1', { ...place, zone: 'US' }, call)).rejects.toMatchObject(corrupt);
  expect(await vault.rewrap('m/1', place, call)).toBe('w1/AE#2');
  const after = objects.get('m/1') as Uint8Array;
  const [was, is] = [readHeader(envelope, 'm/1'), readHeader(after, 'm/1')];
  expect(Buffer.compare(after.subarray(0, is.wrapOffset), envelope.subarray(0, was.wrapOffset))).toBe(0);
  expect(Buffer.compare(after.subarray(is.payloadOffset), envelope.subarray(was.payloadOffset))).toBe(0);
  expect(is.wrapped.keyId).toBe('w1/AE#2');
  expect(await vault.get('m/1', digest, place, call)).toHaveLength(2 * MIB + 100);
});
