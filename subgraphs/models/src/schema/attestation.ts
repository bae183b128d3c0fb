// Signatures on model files, and whose of them count.
import { PlatformError, refused } from '@falaj/runtime';
import { Attribute, type Connection, newId, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { eq, sql } from 'drizzle-orm';
import { Arg, Args, Ctx, Mutation, Query, Resolver, Root } from 'type-graphql';
import { z } from 'zod';
import { readBundle, signerKey } from '../domain/model-attestation.js';
import { modelAttestation, modelSigner } from '../store/attestation-tables.js';
import {
  type ModelAttestationRow,
  modelAttestations,
  modelSigners,
  platformAttestation,
  publisherAttestation,
  saveAttestation,
} from '../store/attestations.js';
import { type ModelVersionRow, modelVersions } from '../store/governed.js';
import { versionRecord } from '../store/lookups.js';
import {
  AttestModelVersionInput,
  AttestModelVersionPayload,
  DistrustModelSignerInput,
  ModelAttestation,
  ModelSigner,
  ModelSignerConnection,
  ModelSignerPayload,
  TrustModelSignerInput,
} from './attestation-types.js';
import type { ModelsContext, Relation } from './context.js';
import { ModelVersion } from './model-types.js';

/** Shown of one version; a version has one attestation for each signer. */
const MAX_ATTESTATIONS = 100;

const trustInput = z.object({ name: z.string().trim().min(1).max(200), publicKey: z.string().min(1).max(10_000) });
const distrustInput = z.object({ signerId: z.string().min(1), reason: z.string().trim().min(1).max(1_000) });
const attestInput = z.object({ modelVersionId: z.string().min(1), bundle: z.unknown().optional() });

@Resolver(() => ModelSigner)
export class ModelSignerResolver {
  @Query(() => ModelSignerConnection, {
    description: 'Whose signatures on model files count or counted, newest first.',
  })
  modelSigners(
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: ModelsContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(modelSigners, page);
  }

  @Mutation(() => ModelSignerPayload, {
    description: 'Lets the signatures of a publisher count: model files that carry one may be promoted.',
  })
  async trustModelSigner(
    @Arg('input', () => TrustModelSignerInput, { description: 'Whom.' }) input: TrustModelSignerInput,
    @Ctx() context: ModelsContext,
  ): Promise<ModelSignerPayload> {
    const { name, publicKey: pem } = parseInput(trustInput, input);
    const id = newId('sgn');
    await context.mutate(
      {
        action: 'trustModelSigner',
        noun: 'ModelSigner',
        verb: 'trust',
        row: { workspaceId: context.principal.workspaceId, name },
        subjectId: id,
        details: { name },
        prepare: async () => signerKey(pem),
      },
      async (tx, audit, key) => {
        const made = await tx
          .insert(modelSigner)
          .values({ id, ...context.ownership, kind: 'PUBLISHER', name, ...key })
          .onConflictDoNothing()
          .returning({ id: modelSigner.id });
        if (made.length === 0)
          throw new PlatformError(
            'CONFLICT',
            'This key is a signer of the workspace already; one that was distrusted stays so: have the publisher sign with another.',
            { details: { keyId: key.keyId } },
          );
        audit.subject(id, { keyId: key.keyId });
      },
    );
    return { signer: await context.reads.byId(modelSigners, id) };
  }

  @Mutation(() => ModelSignerPayload, {
    description:
      'From now on nothing that the key signed counts: versions that nobody else vouches for are not promoted. For good.',
  })
  async distrustModelSigner(
    @Arg('input', () => DistrustModelSignerInput, { description: 'Whom, and why.' }) input: DistrustModelSignerInput,
    @Ctx() context: ModelsContext,
  ): Promise<ModelSignerPayload> {
    const { signerId, reason } = parseInput(distrustInput, input);
    await context.mutate(
      {
        action: 'distrustModelSigner',
        noun: 'ModelSigner',
        verb: 'distrust',
        row: { workspaceId: context.principal.workspaceId },
        subjectId: signerId,
        details: { reason },
        prepare: async () => (await context.reads.required(modelSigners, signerId)).keyId,
      },
      async (tx, audit, keyId) => {
        audit.subject(signerId, { keyId });
        const ended = await tx
          .update(modelSigner)
          .set({ distrustedAt: sql`clock_timestamp()`, distrustedBy: context.principal.name, distrustReason: reason })
          .where(sql`${eq(modelSigner.id, signerId)} and ${modelSigner.distrustedAt} is null`)
          .returning({ id: modelSigner.id });
        if (ended.length === 0)
          throw new PlatformError('CONFLICT', 'This signer is not trusted any more already.', {
            details: { signerId },
          });
      },
    );
    return { signer: await context.reads.byId(modelSigners, signerId) };
  }
}

@Resolver(() => ModelAttestation)
export class ModelAttestationResolver {
  @Attribute(() => ModelSigner, 'internal', 'Who signed.')
  signer(@Root() row: ModelAttestationRow, @Ctx() context: ModelsContext): Promise<Relation<ModelSigner> | null> {
    return context.load('ModelSigner', row.signerId, (ids) =>
      context.reads.byIds(modelSigners, ids),
    ) as unknown as Promise<Relation<ModelSigner> | null>;
  }

  @Mutation(() => AttestModelVersionPayload, {
    description:
      'Adds a signature to a version that has none of that signer: a publisher’s, or the platform’s own on what its runs trained.',
  })
  async attestModelVersion(
    @Arg('input', () => AttestModelVersionInput, { description: 'The signature.' }) input: AttestModelVersionInput,
    @Ctx() context: ModelsContext,
  ): Promise<AttestModelVersionPayload> {
    const { modelVersionId, bundle } = parseInput(attestInput, input);
    const shown = await context.reads.required(modelVersions, modelVersionId);
    const prepare = async () => {
      const version = await context.transaction((tx) => versionRecord(tx, modelVersionId));
      if (bundle != null)
        return { version, attested: await publisherAttestation(context, readBundle(bundle), version.digest) };
      if (version.origin !== 'RUN')
        throw refused({
          rule: 'PLATFORM_ATTESTATION',
          found: `${version.modelName} v${version.version}, a model from outside`,
          limit: 'what a run of this platform trained',
          whatToDo: 'have its publisher sign it, and hand in what they signed as bundle',
        });
      const place = { workspaceId: version.workspaceId, zone: version.zone };
      // What is signed is what lies there: the vault compares the digest.
      await context.platform.vault.get(version.artifactKey, version.digest, place, context.pluginCall(version.zone));
      const name = `${version.modelName}-v${version.version}`;
      return { version, attested: await platformAttestation(context, version.zone, version.digest, name) };
    };
    const id = await context.mutate(
      {
        action: 'attestModelVersion',
        noun: 'ModelVersion',
        verb: 'attest',
        row: { ...shown, workspaceId: context.principal.workspaceId },
        subjectId: modelVersionId,
        prepare,
      },
      async (tx, audit, { version, attested }) => {
        const made = await saveAttestation(tx, context, version, attested);
        audit.subject(modelVersionId, { attestation: made, signer: attested.signerId });
        return made;
      },
    );
    return { attestation: await context.reads.byId(modelAttestations, id) };
  }
}

@Resolver(() => ModelVersion)
export class ModelVersionAttestationsResolver {
  @Attribute(() => [ModelAttestation], 'internal', 'Signatures on its file, the newest first.')
  async attestations(@Root() row: ModelVersionRow, @Ctx() context: ModelsContext): Promise<unknown[]> {
    const page = await context.load('ModelVersion.attestations', row.id, (ids) =>
      context.reads.pagesByParent(modelAttestations, modelAttestation.modelVersionId, ids, MAX_ATTESTATIONS),
    );
    return page.edges.map(({ node }) => node);
  }
}
