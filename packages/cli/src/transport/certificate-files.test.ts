import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority, type Validity } from '@falaj/runtime/certificates';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CertificateSources, readCertificates } from './certificate-files.js';
import { watchCertificates } from './live-certificates.js';

const DAY_MS = 86_400_000;
const directory = mkdtempSync(join(tmpdir(), 'falaj-certificates-'));
afterAll(() => rmSync(directory, { recursive: true }));

const now: Validity = { from: Date.now() - DAY_MS, until: Date.now() + DAY_MS };
const ours = createAuthority('ours', now);
const theirs = createAuthority('theirs', now);
const GATEWAY = 'spiffe://falaj.test/falaj/gateway';

const write = (name: string, text: string, mode = 0o600): void => {
  writeFileSync(join(directory, name), text, { mode });
  chmodSync(join(directory, name), mode);
};
const put = ({ certificate, key }: { certificate: string; key: string }): void => {
  write('gateway.pem', certificate, 0o644);
  write('gateway.key', key);
};
const sources: CertificateSources = {
  setting: 'internalTls',
  certificate: '{role}.pem',
  key: '{role}.key',
  authorities: { setting: 'internalTls.authorities', from: 'authority.pem' },
  directory,
  workload: { id: GATEWAY, role: 'gateway' },
};

beforeEach(() => {
  put(ours.issue([GATEWAY], now));
  write('authority.pem', ours.certificate);
});

describe('certificates of a process', () => {
  it('are taken as they are where everything fits', async () => {
    expect(await readCertificates(sources)).toMatchObject({
      certificate: expect.stringContaining('BEGIN CERTIFICATE'),
      authorities: ours.certificate,
      expiresAt: new Date(Math.floor(now.until / 1_000) * 1_000),
    });
  });

  it.each<[string, RegExp, () => void]>([
    [
      'no file',
      /^internalTls\.certificate: .*gateway\.pem does not exist\.$/,
      () => rmSync(join(directory, 'gateway.pem')),
    ],
    [
      'no certificate in it',
      /^internalTls\.certificate: .*holds no certificate in PEM form/,
      () => write('gateway.pem', 'hello'),
    ],
    ['no key in it', /^internalTls\.key: .*holds no private key/, () => write('gateway.key', ours.certificate)],
    [
      'a key that everybody may read',
      /^internalTls\.key: everybody may read .*gateway\.key/,
      () => chmodSync(join(directory, 'gateway.key'), 0o644),
    ],
    [
      'the key of another certificate',
      /gateway\.key does not belong to the certificate in .*gateway\.pem/,
      () => write('gateway.key', ours.issue([GATEWAY], now).key),
    ],
    [
      'an expired one',
      /gateway\.pem expired at \d{4}-/,
      () => put(ours.issue([GATEWAY], { from: now.from, until: Date.now() - 1_000 })),
    ],
    [
      'one for later',
      /gateway\.pem is not valid before \d{4}-/,
      () => put(ours.issue([GATEWAY], { from: Date.now() + 60_000, until: now.until })),
    ],
    [
      'no URI name',
      /bears no URI name.*Expected spiffe:\/\/falaj\.test\/falaj\/gateway/,
      () => put(ours.issue(['gateway.test'], now)),
    ],
    ['two of them', /bears 2 URI names/, () => put(ours.issue([GATEWAY, `${GATEWAY}/x`], now))],
    [
      'another role',
      /stands for spiffe:\/\/falaj\.test\/falaj\/subgraph\/models; this process needs/,
      () => put(ours.issue(['spiffe://falaj.test/falaj/subgraph/models'], now)),
    ],
    ['the certificate of an authority', /one of an authority/, () => put(ours)],
    [
      'another authority',
      /was issued by "CN=theirs", which .*authority\.pem does not hold/,
      () => put(theirs.issue([GATEWAY], now)),
    ],
    [
      'an impostor of the same name',
      /which .*authority\.pem does not hold/,
      () => put(createAuthority('ours', now).issue([GATEWAY], now)),
    ],
    [
      'no authority in the bundle',
      /^internalTls\.authorities: .*holds no certificate of an authority/,
      () => write('authority.pem', ours.issue(['x.test'], now).certificate),
    ],
  ])('are refused: %s', async (_, message, spoil) => {
    spoil();
    await expect(readCertificates(sources)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(message),
    });
  });

  it('come from the environment where they are named as secrets', async () => {
    const { certificate, key } = ours.issue(['localhost'], now);
    write('edge.pem', certificate);
    const edge = { setting: 'tls', certificate: 'edge.pem', key: { secret: 'edge-key' }, directory };
    await expect(readCertificates(edge)).rejects.toThrow(
      'tls.key: the secret edge-key is not set; the environment gives it as FALAJ_SECRET_EDGE_KEY.',
    );
    vi.stubEnv('FALAJ_SECRET_EDGE_KEY', key);
    expect((await readCertificates(edge)).key).toBe(key);
    vi.unstubAllEnvs();
  });
});

it('a change is taken once its files fit together', async () => {
  const live = await watchCertificates('internal', () => readCertificates(sources), 10);
  const told = vi.fn();
  live.onChange(told);
  const [before, next] = [live.current, ours.issue([GATEWAY], now)];
  write('gateway.key', next.key);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(live.current).toBe(before);
  expect(told).not.toHaveBeenCalled();
  write('gateway.pem', next.certificate);
  await expect.poll(() => live.current.certificate).toBe(next.certificate);
  expect(told).toHaveBeenCalledOnce();
  expect(live.generation).toBe(1);
  await live.close();
});
