// Wires the models subgraph; nothing else.
import { fileURLToPath } from 'node:url';
import { referencesTo, type SubgraphDefinition } from '@falaj/subgraph-kit';
import { rules } from './policy.js';
import {
  ModelAttestationResolver,
  ModelSignerResolver,
  ModelVersionAttestationsResolver,
} from './schema/attestation.js';
import { ModelBillOfMaterialsResolver } from './schema/bill-of-materials.js';
import type { ModelsServices } from './schema/context.js';
import { ExternalModelResolver } from './schema/external-model.js';
import { GateSetGatesResolver, GateSetResolver } from './schema/gate-set.js';
import { ModelResolver } from './schema/model.js';
import { AliasChangeResolver, ModelAliasResolver } from './schema/model-alias.js';
import { ModelCardResolver, ModelVersionCardsResolver } from './schema/model-card.js';
import { Run, TrainingSet } from './schema/model-types.js';
import { ModelVersionResolver } from './schema/model-version.js';
import { ModelVersionPromotionsResolver, PromotionResolver } from './schema/promotion.js';
import { RunModelVersionsResolver } from './schema/run.js';
import { modelAttestations, modelSigners } from './store/attestations.js';
import { aliasChanges, modelAliases, models, modelVersions } from './store/governed.js';
import { aliasProtections, gateSets, modelCards, promotionDecisions, promotions } from './store/promotion-governed.js';

/** What the platform tells this subgraph of itself. */
export interface ModelsOptions {
  /** Folder from which model files may be registered. */
  readonly landing?: string;
}

export function modelsSubgraph({ landing }: ModelsOptions = {}): SubgraphDefinition<ModelsServices> {
  return {
    name: 'models',
    resolvers: [
      ModelResolver,
      ModelVersionResolver,
      ModelAliasResolver,
      AliasChangeResolver,
      RunModelVersionsResolver,
      GateSetResolver,
      GateSetGatesResolver,
      PromotionResolver,
      ModelVersionPromotionsResolver,
      ModelCardResolver,
      ModelVersionCardsResolver,
      ModelBillOfMaterialsResolver,
      ExternalModelResolver,
      ModelSignerResolver,
      ModelAttestationResolver,
      ModelVersionAttestationsResolver,
    ],
    orphanedTypes: [Run, TrainingSet],
    tables: [
      models,
      modelVersions,
      modelAliases,
      aliasChanges,
      gateSets,
      aliasProtections,
      modelCards,
      promotions,
      promotionDecisions,
      modelSigners,
      modelAttestations,
    ],
    references: {
      ...referencesTo([models, modelVersions, promotions]),
      Run: async (ids) => ids.map((id) => ({ id })),
    },
    rules,
    migrations: { name: 'models', folder: fileURLToPath(new URL('../migrations', import.meta.url)) },
    createServices: async () => ({ services: { landing } }),
  };
}
