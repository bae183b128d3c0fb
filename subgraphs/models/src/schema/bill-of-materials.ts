import { PlatformError } from '@falaj/runtime';
import { Attribute, JSONObject } from '@falaj/subgraph-kit';
import { Arg, Ctx, ID, ObjectType, Query, Resolver } from 'type-graphql';
import { BILL_OF_MODEL, type BillAnswer, billOfMaterials } from '../domain/bill-of-materials.js';
import type { ModelsContext } from './context.js';

@ObjectType({ description: 'What a model version is made of.' })
export class ModelBillOfMaterials {
  @Attribute(() => ID, 'open', 'Version.') modelVersionId!: string;
  @Attribute(
    () => JSONObject,
    'internal',
    'CycloneDX 1.6 with a component `machine-learning-model` and its model card.',
  )
  document!: Readonly<Record<string, unknown>>;
}

@Resolver(() => ModelBillOfMaterials)
export class ModelBillOfMaterialsResolver {
  @Query(() => ModelBillOfMaterials, {
    description:
      'Model, hashes, training set, feature views, trainer, scores and considerations of a version, as a bill of materials. What the caller may not read is missing, and named in the property `falaj:withheld`.',
  })
  async modelBillOfMaterials(
    @Arg('modelVersionId', () => ID, { description: 'Version.' }) modelVersionId: string,
    @Ctx() context: ModelsContext,
  ): Promise<ModelBillOfMaterials> {
    // Asked as the caller, so that every part goes through its own rules, and into the read log, as if asked by itself.
    const { modelVersion } = await context.platform.graph.query<{ modelVersion: BillAnswer | null }>(
      BILL_OF_MODEL,
      { id: modelVersionId },
      context.request,
    );
    if (!modelVersion)
      throw new PlatformError('NOT_FOUND', `No ModelVersion "${modelVersionId}".`, {
        details: { type: 'ModelVersion', id: modelVersionId },
      });
    return { modelVersionId, document: billOfMaterials(modelVersion) };
  }
}
