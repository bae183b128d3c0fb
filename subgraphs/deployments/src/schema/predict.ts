import { PlatformError } from '@falaj/runtime';
import { parseInput } from '@falaj/subgraph-kit';
import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import { predictInput, tensorsOf } from '../domain/prediction.js';
import { newInferenceId } from '../inference/index.js';
import { servedBy } from '../store/authorised-models.js';
import type { DeploymentsContext } from './context.js';
import { PredictInput, Prediction } from './endpoint-types.js';

@Resolver()
export class PredictResolver {
  @Query(() => Prediction, {
    nullable: true,
    description: 'Predictions, the same as the inference protocol gives for the same rows.',
  })
  async predict(
    @Arg('input', () => PredictInput, { description: 'Rows.' }) input: PredictInput,
    @Ctx() context: DeploymentsContext,
  ): Promise<Prediction> {
    const wanted = parseInput(predictInput, input);
    const model = await servedBy(
      context.services.routes,
      context.ability,
      context.principal,
      wanted.endpoint,
      wanted.version ?? undefined,
    );
    const inferenceId = newInferenceId();
    const id = context.request.requestId;
    const subject = wanted.subject ?? undefined;
    const chosen = model.choose?.(subject ?? id) ?? model;
    const outputs = await chosen.infer(tensorsOf(wanted), wanted.outputs, {
      principal: context.principal,
      signal: context.request.signal,
      id,
      subject,
      inferenceId,
      purpose: context.request.purpose,
    });
    return {
      modelName: chosen.name,
      modelVersion: chosen.version,
      revision: Number(chosen.parameters?.revision),
      variant: String(chosen.parameters?.variant),
      inferenceId,
      outputs: outputs.map(({ name, datatype, shape, data }) => {
        if (datatype === 'BYTES')
          throw new PlatformError('BAD_USER_INPUT', `Output "${name}" is text; use the inference protocol at /v2.`);
        return { name, datatype, shape: [...shape], values: Array.from(data as Float32Array, Number) };
      }),
    };
  }
}
