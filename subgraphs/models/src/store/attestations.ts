// Attestations of versions, and the keys by which they are made or judged.
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Tx } from '@falaj/database';
import { isPlatformError, PlatformError, refused } from '@falaj/runtime';
import { type GovernedTable, governedTable, newId, shownColumns } from '@falaj/subgraph-kit';
import { and, desc, eq, type InferInsertModel, type InferSelectModel, isNull } from 'drizzle-orm';
import { attest, faultOf, hintOf, type SignatureBundle, signerKey } from '../domain/model-attestation.js';
import type { Voucher } from '../domain/promotion-checks.js';
import type { ModelsContext } from '../schema/context.js';
import { modelAttestation, modelSigner } from './attestation-tables.js';

export type ModelSignerRow = Omit<InferSelectModel<typeof modelSigner>, 'workspaceId' | 'ownerId' | 'wrappedKey'>;
export type ModelAttestationRow = Omit<InferSelectModel<typeof modelAttestation>, 'workspaceId' | 'ownerId'>;
type NewSigner = InferInsertModel<typeof modelSigner>;

export const modelSigners: GovernedTable<ModelSignerRow> = governedTable({
  noun: 'ModelSigner',
  table: modelSigner,
  id: modelSigner.id,
  createdAt: modelSigner.createdAt,
  fields: shownColumns(modelSigner, ['workspaceId', 'ownerId', 'wrappedKey']),
  attributes: { workspaceId: modelSigner.workspaceId, name: modelSigner.name },
});

export const modelAttestations: GovernedTable<ModelAttestationRow> = governedTable({
  noun: 'ModelAttestation',
  table: modelAttestation,
  id: modelAttestation.id,
  createdAt: modelAttestation.createdAt,
  fields: shownColumns(modelAttestation, ['workspaceId', 'ownerId']),
  attributes: { workspaceId: modelAttestation.workspaceId, zone: modelAttestation.zone },
});

/** An attestation that will be stored with its version, and the signer where that is new. */
export interface Attested {
  readonly bundle: SignatureBundle;
  readonly signerId: string;
  readonly newSigner: NewSigner | null;
}

const contextOf = (signerId: string): string => `model-signer:${signerId}`;

/**
 * The platform's own attestation, by its key of the zone. A key that its key-encryption key opens no more, as after that was
 * retired, is followed by another; what the earlier one signed still counts by its public key.
 */
export async function platformAttestation(
  context: ModelsContext,
  zone: string,
  digest: string,
  name: string,
): Promise<Attested> {
  const [known] = await context.transaction((tx) =>
    tx
      .select()
      .from(modelSigner)
      .where(and(eq(modelSigner.kind, 'PLATFORM'), eq(modelSigner.keyZone, zone), isNull(modelSigner.distrustedAt)))
      .orderBy(desc(modelSigner.createdAt))
      .limit(1),
  );
  const key = known && (await opened(context, known));
  if (known && key) return { bundle: attest(digest, name, key), signerId: known.id, newSigner: null };
  const made = await newPlatformSigner(context, zone);
  return { bundle: attest(digest, name, made.key), signerId: made.signer.id, newSigner: made.signer };
}

async function opened(
  context: ModelsContext,
  { id, keyZone, wrappedKey }: InferSelectModel<typeof modelSigner>,
): Promise<KeyObject | null> {
  if (!wrappedKey || !keyZone) return null;
  try {
    const wrapped = { keyId: wrappedKey.keyId, ciphertext: Buffer.from(wrappedKey.ciphertext, 'base64') };
    const der = await context.platform.plugins
      .get('keys')
      .unwrap({ wrapped, context: contextOf(id) }, context.pluginCall(keyZone));
    return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
  } catch (error) {
    if (isPlatformError(error) && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

async function newPlatformSigner(
  context: ModelsContext,
  zone: string,
): Promise<{ readonly signer: NewSigner; readonly key: KeyObject }> {
  const id = newId('sgn');
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const der = privateKey.export({ type: 'pkcs8', format: 'der' });
  const { keyId, ciphertext } = await context.platform.plugins
    .get('keys')
    .wrap(
      { keyRef: `${context.principal.workspaceId}/${zone}`, key: der, context: contextOf(id) },
      context.pluginCall(zone),
    );
  der.fill(0);
  const signer: NewSigner = {
    id,
    ...context.ownership,
    kind: 'PLATFORM',
    name: `Falaj in ${zone}`,
    ...signerKey(publicKey.export({ type: 'spki', format: 'pem' }).toString()),
    keyZone: zone,
    wrappedKey: { keyId, ciphertext: Buffer.from(ciphertext).toString('base64') },
  };
  return { signer, key: privateKey };
}

/** A publisher's attestation of these bytes. Throws MODEL_REFUSED where nobody whom the workspace trusts vouches for them. */
export async function publisherAttestation(
  context: ModelsContext,
  bundle: SignatureBundle,
  digest: string,
): Promise<Attested> {
  const trusted = await context.transaction((tx) =>
    tx.select().from(modelSigner).where(isNull(modelSigner.distrustedAt)),
  );
  const faults = trusted.map((signer) => ({ signer, fault: faultOf(bundle, digest, signer.publicKey) }));
  const holding = faults.find(({ fault }) => fault === null);
  if (holding) return { bundle, signerId: holding.signer.id, newSigner: null };
  const own = faults.find(({ signer }) => signer.keyId === hintOf(bundle));
  const found = own ? own.fault : `it was made by the key ${hintOf(bundle) || 'of somebody'}, whom nobody trusts here`;
  throw refused(
    {
      rule: 'MODEL_ATTESTATION',
      found: `an attestation that does not vouch for this file: ${found}`,
      limit: 'a signature on these bytes by a signer whom the workspace trusts',
      whatToDo: 'sign these bytes, or have an administrator trust the key by trustModelSigner',
    },
    'MODEL_REFUSED',
    { keyId: hintOf(bundle) },
  );
}

/** In the transaction of the version. Answers the id of the attestation. */
export async function saveAttestation(
  tx: Tx,
  context: ModelsContext,
  version: { readonly id: string; readonly zone: string },
  { bundle, signerId, newSigner }: Attested,
): Promise<string> {
  if (newSigner) await tx.insert(modelSigner).values(newSigner);
  const id = newId('att');
  const made = await tx
    .insert(modelAttestation)
    .values({ id, ...context.ownership, zone: version.zone, modelVersionId: version.id, signerId, bundle })
    .onConflictDoNothing()
    .returning({ id: modelAttestation.id });
  if (made.length === 0)
    throw new PlatformError('CONFLICT', 'This signer vouches for the version already; nothing was done.', {
      details: { modelVersionId: version.id, signerId },
    });
  return id;
}

/** Who vouches for a version, by what is stored, verified again. */
export async function vouchersOf(
  tx: Tx,
  { id, digest }: { readonly id: string; readonly digest: string },
): Promise<Voucher[]> {
  const rows = await tx
    .select({ attestation: modelAttestation, signer: modelSigner })
    .from(modelAttestation)
    .innerJoin(modelSigner, eq(modelSigner.id, modelAttestation.signerId))
    .where(eq(modelAttestation.modelVersionId, id))
    .orderBy(modelAttestation.createdAt);
  return rows.map(({ attestation, signer }) => ({
    signerId: signer.id,
    name: signer.name,
    keyId: signer.keyId,
    fault: signer.distrustedAt
      ? `not trusted since ${signer.distrustedAt.toISOString()}`
      : faultOf(attestation.bundle, digest, signer.publicKey),
  }));
}
