// Content of inferences that were written down: data of the model that answered, shown where that may go.
import { Attribute, JSONObject, READER_ABROAD } from '@falaj/subgraph-kit';
import { Arg, Ctx, ID, Query, Resolver, Root } from 'type-graphql';
import { type InferenceRecordRow, inferenceRecords } from '../store/inference-record-governed.js';
import { modelsOfRecords } from '../store/inference-record-models.js';
import { modelData } from '../store/model-data.js';
import type { DeploymentsContext } from './context.js';
import { InferenceRecord } from './inference-log-types.js';

type Shown = InferenceRecordRow & { readonly maskedFields: readonly string[] };

const CONTENT = ['inputs', 'features', 'outputs', 'errorMessage'] as const;
type Content = (typeof CONTENT)[number];

@Resolver(() => InferenceRecord)
export class InferenceRecordResolver {
  @Query(() => InferenceRecord, { nullable: true, description: 'An inference that was written down, by its id.' })
  inferenceRecord(
    @Arg('id', () => ID, { description: 'Inference id.' }) id: string,
    @Ctx() context: DeploymentsContext,
  ) {
    return context.reads.required(inferenceRecords, id);
  }

  @Attribute(() => JSONObject, 'sensitive', 'What the caller sent beside features, by input.')
  inputs(@Root() row: Shown, @Ctx() context: DeploymentsContext) {
    return shown(context, row, 'inputs');
  }

  @Attribute(() => [JSONObject], 'sensitive', 'Features of each row, by column.')
  features(@Root() row: Shown, @Ctx() context: DeploymentsContext) {
    return shown(context, row, 'features');
  }

  @Attribute(() => [JSONObject], 'sensitive', 'Tensors of the answer: name, shape, data.', { nullable: true })
  outputs(@Root() row: Shown, @Ctx() context: DeploymentsContext) {
    return shown(context, row, 'outputs');
  }

  @Attribute(() => String, 'sensitive', 'Its message.', { nullable: true })
  errorMessage(@Root() row: Shown, @Ctx() context: DeploymentsContext) {
    return shown(context, row, 'errorMessage');
  }

  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.')
  async maskedFields(@Root() row: Shown, @Ctx() context: DeploymentsContext): Promise<string[]> {
    return [...new Set([...row.maskedFields, ...((await isAbroad(context, row)) ? CONTENT : [])])];
  }
}

async function shown<F extends Content>(
  context: DeploymentsContext,
  row: Shown,
  field: F,
): Promise<InferenceRecordRow[F] | null> {
  if (!(await isAbroad(context, row))) return row[field];
  context.masked.record('InferenceRecord', field, READER_ABROAD);
  return null;
}

/** One question for all records of one model. */
function isAbroad(context: DeploymentsContext, { id }: Shown): Promise<boolean> {
  return context.load('InferenceRecord.abroad', id, async (ids) => {
    const models = await context.transaction((tx) => modelsOfRecords(tx, ids));
    const verdicts = new Map(
      await Promise.all(
        [...new Set(models)].map(
          async (model) =>
            [model, (await context.services.readers.refusal(context.principal, modelData(model))) !== null] as const,
        ),
      ),
    );
    return models.map((model) => verdicts.get(model) ?? true);
  });
}
