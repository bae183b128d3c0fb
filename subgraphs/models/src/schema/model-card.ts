import {
  Attribute,
  type Connection,
  connectionOf,
  DateTime,
  type Governed,
  newId,
  PageArguments,
  parseInput,
} from '@falaj/subgraph-kit';
import { sql } from 'drizzle-orm';
import {
  Arg,
  Args,
  Ctx,
  Field,
  Float,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import { digestOf } from '../domain/canonical.js';
import {
  type CardSections,
  draftCard,
  emptySections,
  generatedSections,
  modelCardInput,
} from '../domain/model-card.js';
import { cardBefore, cardOf, insertCard } from '../store/cards.js';
import { type ModelVersionRow, modelVersions } from '../store/governed.js';
import { versionRecord } from '../store/lookups.js';
import { type ModelCardRow, modelCards } from '../store/promotion-governed.js';
import { modelCard } from '../store/promotion-tables.js';
import type { ModelsContext, Relation } from './context.js';
import { ModelCardSection } from './gate-types.js';
import { ModelFeatureView, ModelVersion } from './model-types.js';

@ObjectType({ description: 'A score of a slice of the held-out rows, from the stored evaluation.' })
export class ModelCardMetric {
  @Attribute(() => String, 'open', 'Slice.') slice!: string;
  @Attribute(() => String, 'open', 'Score, e.g. `auc`.') metric!: string;
  @Attribute(() => Float, 'sensitive', 'Value; null where it could not be computed.') value!: number | null;
  @Attribute(() => Float, 'sensitive', 'The same score of the baseline.') baseline!: number | null;
  @Attribute(() => String, 'internal', 'Baseline.') baselineName!: string | null;
}

@ObjectType({ description: 'What a model learned from, from its lineage.' })
export class ModelCardData {
  @Attribute(() => ID, 'internal', 'Training set.') trainingSetId!: string;
  @Attribute(() => String, 'sensitive', 'Digest of the training set.') trainingSetDigest!: string;
  @Attribute(() => [ModelFeatureView], 'internal', 'View versions.') featureViews!: readonly unknown[];
  @Attribute(() => [String], 'internal', 'Categories of data.') categories!: readonly string[];
  @Attribute(() => Int, 'internal', 'Rows held out for the scores.') heldOutRows!: number | null;
}

@ObjectType({ description: 'Sections of a model card.' })
export class ModelCardContent {
  @Attribute(() => String, 'internal', 'What it is for, and what not.') intendedUse!: string;
  @Attribute(() => ModelCardData, 'internal', 'What it learned from; null for a model from outside.')
  data!: CardSections['data'];
  @Attribute(() => [ModelCardMetric], 'internal', 'Scores.') metrics!: CardSections['metrics'];
  @Attribute(() => String, 'internal', 'Where it fails.') limitations!: string;
  @Attribute(() => String, 'internal', 'Whom it may harm, and how that is prevented.') ethicalConsiderations!: string;
  @Attribute(() => [String], 'pii', 'Who answers for it.') owners!: readonly string[];
  @Attribute(() => [ModelCardSection], 'internal', 'Sections that hold nothing.') emptySections!: readonly string[];
}

@ObjectType('ModelCard', { description: 'One revision of what people must know of a model version.' })
export class ModelCard {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => ID, 'internal', 'Version.') modelVersionId!: string;
  @Attribute(() => Int, 'internal', 'Counted from 1.') revision!: number;
  @Attribute(() => String, 'internal', 'SHA-256 of the sections; approvals are for it.') digest!: string;
  @Attribute(() => String, 'internal', 'Zone of the version.') zone!: string;
  @Attribute(() => String, 'pii', 'Who saved it.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

export const ModelCardConnection = connectionOf(() => ModelCard, 'ModelCard');

@InputType({ description: 'What people write in a model card; data and metrics are filled in by the platform.' })
export class SaveModelCardInput {
  @Field(() => ID, { description: 'Version.' }) modelVersionId!: string;
  @Field(() => String, { nullable: true, description: 'What it is for, and what not.' }) intendedUse?: string;
  @Field(() => String, { nullable: true, description: 'Where it fails.' }) limitations?: string;
  @Field(() => String, { nullable: true, description: 'Whom it may harm, and how that is prevented.' })
  ethicalConsiderations?: string;
  @Field(() => [String], { nullable: true, description: 'Who answers for it.' }) owners?: string[];
}

@ObjectType({ description: 'Result of saveModelCard.' })
export class SaveModelCardPayload {
  @Attribute(() => ModelCard, 'open', 'The new revision.', { nullable: true }) modelCard!: unknown;
}

const shown = (sections: CardSections): ModelCardContent => ({ ...sections, emptySections: emptySections(sections) });

@Resolver(() => ModelCard)
export class ModelCardResolver {
  @Query(() => ModelCardContent, {
    description:
      'A beginning for a card: data and scores of the version, texts of its last card or of the version before.',
  })
  async modelCardDraft(
    @Arg('modelVersionId', () => ID, { description: 'Version.' }) modelVersionId: string,
    @Ctx() context: ModelsContext,
  ): Promise<ModelCardContent> {
    await context.reads.required(modelVersions, modelVersionId);
    return context.transaction(async (tx) => {
      const version = await versionRecord(tx, modelVersionId);
      const before = (await cardOf(tx, modelVersionId)) ?? (await cardBefore(tx, version.modelId, version.version));
      return shown(draftCard(version, before?.sections ?? null, version.owner));
    });
  }

  @Attribute(() => ModelCardContent, 'internal', 'What it says.')
  content(@Root() row: ModelCardRow): ModelCardContent | null {
    return row.sections ? shown(row.sections) : null;
  }

  @Mutation(() => SaveModelCardPayload, {
    description: 'Saves the next revision of a card. Approvals of promotions that wait were for the one before.',
  })
  async saveModelCard(
    @Arg('input', () => SaveModelCardInput, { description: 'Texts.' }) input: SaveModelCardInput,
    @Ctx() context: ModelsContext,
  ): Promise<SaveModelCardPayload> {
    const { modelVersionId, ...texts } = parseInput(
      modelCardInput,
      Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null)),
    );
    const version = await context.reads.required(modelVersions, modelVersionId);
    const id = newId('mcd');
    await context.mutate(
      {
        action: 'saveModelCard',
        noun: 'ModelCard',
        verb: 'create',
        row: {
          workspaceId: context.principal.workspaceId,
          zone: version.zone,
          ownerId: context.principal.id,
        },
        subjectId: id,
        details: { modelVersionId },
      },
      async (tx, audit) => {
        const record = await versionRecord(tx, modelVersionId);
        const sections: CardSections = { ...texts, ...generatedSections(record) };
        const digest = digestOf(sections);
        const { zone } = record;
        const revision = await insertCard(tx, { id, ...context.ownership, zone, modelVersionId, sections, digest });
        audit.subject(id, { revision, digest });
      },
    );
    return { modelCard: await context.reads.byId(modelCards, id) };
  }
}

@Resolver(() => ModelVersion)
export class ModelVersionCardsResolver {
  @Attribute(() => ModelCard, 'internal', 'Its newest card.')
  async card(
    @Root() row: ModelVersionRow,
    @Ctx() context: ModelsContext,
  ): Promise<Relation<Governed<ModelCardRow>> | null> {
    const newest = sql`${modelCard.revision} = (select max(other.revision) from models.model_card other where other.model_version_id = ${modelCard.modelVersionId})`;
    const page = await context.load('ModelVersion.card', row.id, (ids) =>
      context.reads.pagesByParent(modelCards, modelCard.modelVersionId, ids, 1, { where: newest }),
    );
    return page.edges[0]?.node ?? null;
  }

  @Attribute(() => ModelCardConnection, 'internal', 'Revisions of its card, newest first.')
  cards(
    @Root() row: ModelVersionRow,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: ModelsContext,
  ): Promise<Connection<unknown>> {
    return context.children(modelCards, modelCard.modelVersionId, row.id, page);
  }
}
