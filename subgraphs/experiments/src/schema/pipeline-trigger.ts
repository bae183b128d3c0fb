import { PlatformError } from '@falaj/runtime';
import { type Connection, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { Arg, Args, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { z } from 'zod';
import type { Values } from '../domain/pipeline/definition.js';
import { referencesIn } from '../domain/pipeline/references.js';
import { runParameters } from '../domain/pipeline/run-parameters.js';
import { pipelineTriggers } from '../store/pipeline-governed.js';
import { fireTriggers, saveTrigger, stopTrigger, type TriggerRequest } from '../store/pipeline-triggers.js';
import { pipelineNamed, RUN_ENDED_TOPIC } from '../store/pipeline-writes.js';
import type { ExperimentsContext } from './context.js';
import { SchedulePipelineInput, SetPipelineTriggerInput, TriggerPipelinesInput } from './pipeline-inputs.js';
import { PipelineTriggerPayload, TriggerPipelinesPayload } from './pipeline-payloads.js';
import { zoneOf } from './pipeline-start.js';
import { PipelineTrigger, PipelineTriggerConnection } from './pipeline-types.js';

const values = z.record(z.string(), z.json()).nullish();
const eventName = z.string().regex(/^[A-Za-z][A-Za-z0-9._-]{0,199}$/, 'expected letters, digits, ".", "_" and "-"');
const common = {
  name: z.string().regex(/^[\w][\w .-]{0,199}$/, 'expected 1 to 200 letters, digits, spaces, dots, dashes'),
  pipeline: z.string().min(1),
  parameters: values,
  zone: z.string().nullish(),
};
const scheduleInput = z.object({
  ...common,
  cron: z.string().min(1).max(200),
  timeZone: z.string().max(100).nullish(),
});
const eventInput = z.object({ ...common, event: eventName, match: values });
const toldInput = z.object({ event: eventName, key: z.string().min(1).max(500), payload: values });

@Resolver(() => PipelineTrigger)
export class PipelineTriggerResolver {
  @Query(() => PipelineTrigger, { nullable: true, description: 'A trigger by id.' })
  pipelineTrigger(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: ExperimentsContext) {
    return context.reads.required(pipelineTriggers, id);
  }

  @Query(() => PipelineTriggerConnection, { description: 'Triggers of pipelines, newest first.' })
  pipelineTriggers(
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: ExperimentsContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(pipelineTriggers, page);
  }

  @Mutation(() => PipelineTriggerPayload, { description: 'Lets a pipeline run at times, on behalf of the caller.' })
  schedulePipeline(
    @Arg('input', () => SchedulePipelineInput, { description: 'Times.' }) input: SchedulePipelineInput,
    @Ctx() context: ExperimentsContext,
  ): Promise<PipelineTriggerPayload> {
    const { cron, timeZone, ...wanted } = parseInput(scheduleInput, input);
    return save(context, 'schedulePipeline', wanted, { cron, ...(timeZone ? { timeZone } : {}) });
  }

  @Mutation(() => PipelineTriggerPayload, {
    description: 'Lets a pipeline run upon an event, on behalf of the caller.',
  })
  setPipelineTrigger(
    @Arg('input', () => SetPipelineTriggerInput, { description: 'Event.' }) input: SetPipelineTriggerInput,
    @Ctx() context: ExperimentsContext,
  ): Promise<PipelineTriggerPayload> {
    const { event, match, ...wanted } = parseInput(eventInput, input);
    if (event === RUN_ENDED_TOPIC && (match?.pipeline ?? wanted.pipeline) === wanted.pipeline)
      throw new PlatformError(
        'BAD_USER_INPUT',
        `match.pipeline: found ${match?.pipeline ?? 'nothing'}, expected another pipeline: this one would start itself for ever.`,
        { details: { field: 'match.pipeline' } },
      );
    return save(context, 'setPipelineTrigger', wanted, { event, match: (match ?? {}) as Values });
  }

  @Mutation(() => PipelineTriggerPayload, { description: 'Stops a trigger; runs that it started go on.' })
  async stopPipelineTrigger(
    @Arg('id', () => ID, { description: 'Trigger.' }) id: string,
    @Ctx() context: ExperimentsContext,
  ): Promise<PipelineTriggerPayload> {
    await context.reads.required(pipelineTriggers, id);
    const { workspaceId } = context.principal;
    await context.mutate(
      { action: 'stopPipelineTrigger', noun: 'PipelineTrigger', verb: 'update', subjectId: id },
      (tx) => stopTrigger(tx, context.services.pipelines.engine, workspaceId, id),
    );
    return { trigger: await context.reads.byId(pipelineTriggers, id) };
  }

  @Mutation(() => TriggerPipelinesPayload, {
    description:
      'Tells of an event, e.g. from a webhook: every trigger that waits for it starts a run, once for each key.',
  })
  triggerPipelines(
    @Arg('input', () => TriggerPipelinesInput, { description: 'Event.' }) input: TriggerPipelinesInput,
    @Ctx() context: ExperimentsContext,
  ): Promise<TriggerPipelinesPayload> {
    const { event, key, payload } = parseInput(toldInput, input);
    const { workspaceId, id } = context.principal;
    return context.mutate(
      { action: 'triggerPipelines', noun: 'PipelineTrigger', verb: 'fire', details: { event, key } },
      (tx) =>
        fireTriggers(tx, context.services.pipelines.engine, {
          workspaceId,
          event,
          key,
          payload: (payload ?? {}) as Values,
          toldBy: id,
        }),
    );
  }
}

async function save(
  context: ExperimentsContext,
  action: string,
  wanted: { name: string; pipeline: string; parameters?: unknown; zone?: string | null | undefined },
  kind: Pick<TriggerRequest, 'cron' | 'timeZone' | 'event' | 'match'>,
): Promise<PipelineTriggerPayload> {
  const { principal, services } = context;
  const zone = zoneOf(context, wanted.zone);
  const parameters = (wanted.parameters ?? {}) as Values;
  const row = {
    workspaceId: principal.workspaceId,
    zone,
    name: wanted.name,
    pipelineName: wanted.pipeline,
    ownerId: principal.id,
  };
  const id = await context.mutate(
    { action, noun: 'PipelineTrigger', verb: 'create', row, details: { name: wanted.name, pipeline: wanted.pipeline } },
    async (tx, audit) => {
      const made = await pipelineNamed(tx, wanted.pipeline);
      requireParameters(made.definition.parameters, parameters, kind.event !== undefined);
      const saved = await saveTrigger(tx, services.pipelines.engine, principal, {
        name: wanted.name,
        pipelineName: wanted.pipeline,
        zone,
        parameters,
        ...kind,
      });
      audit.subject(saved);
      return saved;
    },
  );
  return { trigger: await context.reads.byId(pipelineTriggers, id) };
}

/** What an event fills in is judged when it comes; everything else is judged now. */
function requireParameters(declared: Parameters<typeof runParameters>[0], told: Values, byEvent: boolean): void {
  const open = Object.keys(told).filter((name) => referencesIn(told[name] ?? null).length > 0);
  if (open.length > 0 && !byEvent)
    throw new PlatformError('BAD_USER_INPUT', `parameters.${open[0]}: a schedule has no event to take values from.`, {
      details: { field: `parameters.${open[0]}` },
    });
  const known = new Set(declared.map(({ name }) => name));
  const settled = Object.fromEntries(Object.entries(told).filter(([name]) => !open.includes(name) || !known.has(name)));
  runParameters(
    declared.filter(({ name }) => !open.includes(name)),
    settled,
  );
}
