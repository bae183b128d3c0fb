import { createHash } from 'node:crypto';
import { assertResidency, assertZoneAmong, inheritResidency } from '@falaj/policy';
import { PlatformError } from '@falaj/runtime';
import { JSONObject, newId, parseInput } from '@falaj/subgraph-kit';
import { Arg, Ctx, Field, InputType, Int, Mutation, Resolver } from 'type-graphql';
import type { z } from 'zod';
import { externalModelInput, uploadedBytes } from '../domain/external-model.js';
import { readBundle } from '../domain/model-attestation.js';
import { MAX_MODEL_BYTES, takeModel } from '../domain/model-intake.js';
import type { Signature, TensorSignature } from '../domain/registration.js';
import { publisherAttestation, saveAttestation } from '../store/attestations.js';
import { modelVersions } from '../store/governed.js';
import { readLandingFile } from '../store/landing-file.js';
import { modelNamed } from '../store/lookups.js';
import { insertVersion } from '../store/writes.js';
import type { ModelsContext } from './context.js';
import { CreateModelVersionPayload, ModelVersion } from './model-types.js';

@InputType({ description: 'A tensor that a model takes or gives.' })
export class ModelTensorInput {
  @Field(() => String, { description: 'Name in the graph.' }) name!: string;
  @Field(() => String, { description: 'Datatype of the Open Inference Protocol, e.g. `FP32`.' }) datatype!: string;
  @Field(() => [Int], { description: 'Shape; -1 marks a variable dimension.' }) shape!: number[];
  @Field(() => [String], { nullable: true, description: 'Columns of the second dimension, in order; inputs only.' })
  columns?: string[];
}

@InputType({ description: 'What a model takes and gives.' })
export class ModelSignatureInput {
  @Field(() => [ModelTensorInput], { description: 'Inputs.' }) inputs!: ModelTensorInput[];
  @Field(() => [ModelTensorInput], { description: 'Outputs.' }) outputs!: ModelTensorInput[];
}

@InputType({ description: 'A model file from outside; exactly one of contentBase64 and landingPath.' })
export class RegisterExternalModelInput {
  @Field(() => String, { description: 'Model.' }) modelName!: string;
  @Field(() => String, { nullable: true, description: 'The ONNX file, base64, at most 4 MiB of bytes.' })
  contentBase64?: string;
  @Field(() => String, { nullable: true, description: 'Path of the ONNX file in the landing folder.' })
  landingPath?: string;
  @Field(() => String, { description: 'Where it comes from: vendor, address, version.' }) source!: string;
  @Field(() => String, { description: 'Zone in which it is stored.' }) zone!: string;
  @Field(() => [String], {
    description: 'Categories of the data that it learned from; `none` where none is regulated.',
  })
  categories!: string[];
  @Field(() => ModelSignatureInput, {
    nullable: true,
    description: 'What it takes and gives; compared with the graph. Absent: read from the graph.',
  })
  signature?: ModelSignatureInput;
  @Field(() => JSONObject, {
    nullable: true,
    description:
      'Its publisher’s signature on the file: the JSON that `model_signing sign key` writes. A version without one that counts is not promoted.',
  })
  attestation?: Record<string, unknown>;
}

@Resolver(() => ModelVersion)
export class ExternalModelResolver {
  @Mutation(() => CreateModelVersionPayload, {
    description:
      'Registers an ONNX file from outside as the next version. It is judged by its structure; what carries code (pickle, TorchScript, Keras) is MODEL_REFUSED.',
  })
  async registerExternalModel(
    @Arg('input', () => RegisterExternalModelInput, { description: 'What to register.' })
    input: RegisterExternalModelInput,
    @Ctx() context: ModelsContext,
  ): Promise<CreateModelVersionPayload> {
    const wanted = parseInput(externalModelInput, input);
    const { modelName, zone, categories, source } = wanted;
    const { workspaceId, zones } = context.principal;
    const id = newId('mv');
    const key = `models/${workspaceId}/external/${id}.onnx`;
    const prepare = async () => {
      const { id: modelId } = await modelNamed(context, modelName);
      assertZoneAmong({ targetZone: zone, allowedZones: zones, ruleId: 'WORKSPACE_ZONES', operation: 'store' });
      assertResidency({ dataZone: zone, categories, targetZone: zone, workspaceZones: zones, operation: 'store' });
      const { zones: allowedZones } = inheritResidency([{ dataZone: zone, categories, workspaceZones: zones }]);
      const bytes = await bytesOf(context, wanted);
      const { report, signature } = takeModel(bytes, declared(wanted.signature));
      const attested =
        wanted.attestation == null
          ? null
          : await publisherAttestation(context, readBundle(wanted.attestation), sha256Of(bytes));
      const call = context.pluginCall(zone);
      const sealed = await context.platform.vault.put(
        { key, workspaceId, zone, data: bytes, contentType: 'application/onnx' },
        call,
      );
      return { modelId, allowedZones: [...allowedZones], report, signature, digest: sealed.digest, attested };
    };
    try {
      await context.mutate(
        {
          action: 'registerExternalModel',
          noun: 'ModelVersion',
          verb: 'import',
          row: { workspaceId, zone, modelName, ownerId: context.principal.id },
          subjectId: id,
          details: { modelName, source, zone, categories },
          prepare,
        },
        async (tx, audit, { modelId, allowedZones, report, signature, digest, attested }) => {
          const version = await insertVersion(tx, {
            id,
            ...context.ownership,
            zone,
            modelId,
            modelName,
            origin: 'EXTERNAL',
            featureViewVersions: [],
            signature,
            servingPlan: {},
            artifactKey: key,
            digest,
            format: report.format,
            intake: report,
            codeReference: source,
            environment: {},
            categories,
            allowedZones,
          });
          if (attested) await saveAttestation(tx, context, { id, zone }, attested);
          audit.subject(id, { version, digest, signer: attested?.signerId ?? null });
        },
      );
    } catch (error) {
      // Idempotent: nothing may be left of a file that no version names.
      await context.platform.vault.remove(key, context.pluginCall(zone)).catch(() => undefined);
      throw error;
    }
    return { modelVersion: await context.reads.byId(modelVersions, id) };
  }
}

async function bytesOf(
  context: ModelsContext,
  {
    contentBase64,
    landingPath,
  }: { contentBase64?: string | null | undefined; landingPath?: string | null | undefined },
): Promise<Uint8Array> {
  if (contentBase64 != null) return uploadedBytes(contentBase64);
  const { landing } = context.services;
  if (!landing)
    throw new PlatformError(
      'PRECONDITION_FAILED',
      'This process has no landing folder; send the file as contentBase64.',
    );
  return readLandingFile(landing, landingPath ?? '', MAX_MODEL_BYTES);
}

const sha256Of = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

type Declared = NonNullable<z.output<typeof externalModelInput>['signature']>;

/** The signature without the nulls that a caller may have sent. */
function declared(signature: Declared | null | undefined): Signature | null {
  if (!signature) return null;
  const tensors = (sent: Declared['inputs']): TensorSignature[] =>
    sent.map(({ columns, ...tensor }) => ({ ...tensor, ...(columns ? { columns } : {}) }));
  return { inputs: tensors(signature.inputs), outputs: tensors(signature.outputs) };
}
