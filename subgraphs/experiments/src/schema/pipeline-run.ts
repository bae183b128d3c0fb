import { PlatformError } from '@falaj/runtime';
import { Attribute, type Connection, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { and, eq } from 'drizzle-orm';
import { Arg, Args, Ctx, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { z } from 'zod';
import { cancelRun, decideStage, resumeRun } from '../store/pipeline-decisions.js';
import type { PipelineRunRow, PipelineStageRow } from '../store/pipeline-governed.js';
import { pipelineDecisions, pipelineRuns, pipelineStages, pipelines } from '../store/pipeline-governed.js';
import { pipelineDecision, pipelineRun, pipelineStage } from '../store/pipeline-tables.js';
import type { ExperimentsContext, Relation } from './context.js';
import {
  CancelPipelineRunInput,
  PipelineDecisionInput,
  PipelineRunFilter,
  ResumePipelineRunInput,
  StartPipelineRunInput,
} from './pipeline-inputs.js';
import { PipelineRunPayload, StartPipelineRunPayload } from './pipeline-payloads.js';
import { startPipelineRun } from './pipeline-start.js';
import {
  Pipeline,
  PipelineDecision,
  PipelineRun,
  PipelineRunConnection,
  PipelineStage,
  PipelineStageConnection,
} from './pipeline-types.js';

/** More stages than a pipeline may have. */
const ALL_STAGES = 200;
const MOST_DECISIONS = 100;

const reason = z.string().trim().min(1).max(4000);
const cancelInput = z.object({ runId: z.string(), reason });
const resumeInput = z.object({ runId: z.string(), version: z.number().int().min(1).nullish() });
const decisionInput = z.object({ runId: z.string(), stage: z.string(), role: z.string().min(1).max(100), reason });

@Resolver(() => PipelineRun)
export class PipelineRunResolver {
  @Query(() => PipelineRun, { nullable: true, description: 'A run of a pipeline by id.' })
  pipelineRun(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: ExperimentsContext) {
    return context.reads.required(pipelineRuns, id);
  }

  @Query(() => PipelineRunConnection, { description: 'Runs of pipelines, newest first.' })
  pipelineRuns(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => PipelineRunFilter, { nullable: true, description: 'Restriction.' })
    filter: PipelineRunFilter | undefined,
    @Ctx() context: ExperimentsContext,
  ): Promise<Connection<unknown>> {
    const wanted = (['pipelineName', 'state', 'triggerKind', 'ownerId'] as const).flatMap((field) => {
      const value = filter?.[field];
      return value ? [{ field, condition: eq(pipelineRun[field], value as never) }] : [];
    });
    return context.reads.page(pipelineRuns, { ...page, filters: wanted });
  }

  @Query(() => PipelineStageConnection, { description: 'Stages that wait for a decision, newest first.' })
  pipelineApprovals(
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: ExperimentsContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(pipelineStages, {
      ...page,
      filters: [{ field: 'state', condition: eq(pipelineStage.state, 'WAITING') }],
    });
  }

  @Attribute(() => Pipeline, 'internal', 'Version that it runs.')
  pipeline(@Root() row: PipelineRunRow, @Ctx() context: ExperimentsContext): Promise<Relation<Pipeline> | null> {
    return context.load('Pipeline', row.pipelineId, (ids) =>
      context.reads.byIds(pipelines, ids),
    ) as Promise<Relation<Pipeline> | null>;
  }

  @Attribute(() => [PipelineStage], 'internal', 'Its stages, in the order of the definition.')
  async stages(@Root() row: PipelineRunRow, @Ctx() context: ExperimentsContext): Promise<unknown[]> {
    return stagesOf(context, row.id);
  }

  @Mutation(() => StartPipelineRunPayload, {
    description: 'Starts a run on behalf of the caller; under a known idempotency key it is the run that was started.',
  })
  async startPipelineRun(
    @Arg('input', () => StartPipelineRunInput, { description: 'Run.' }) input: StartPipelineRunInput,
    @Ctx() context: ExperimentsContext,
  ): Promise<StartPipelineRunPayload> {
    const { id, started } = await startPipelineRun(context, input);
    return { run: await context.reads.byId(pipelineRuns, id), started };
  }

  @Mutation(() => PipelineRunPayload, {
    description: 'Stops a run, wherever it runs: commands get SIGTERM, then SIGKILL; trainings are cancelled.',
  })
  async cancelPipelineRun(
    @Arg('input', () => CancelPipelineRunInput, { description: 'Run.' }) input: CancelPipelineRunInput,
    @Ctx() context: ExperimentsContext,
  ): Promise<PipelineRunPayload> {
    const wanted = parseInput(cancelInput, input);
    const { engine } = context.services.pipelines;
    await context.mutate(await changeOf(context, 'cancelPipelineRun', 'cancel', wanted), (tx) =>
      cancelRun(tx, engine, wanted.runId, wanted.reason),
    );
    return { run: await context.reads.byId(pipelineRuns, wanted.runId) };
  }

  @Mutation(() => PipelineRunPayload, {
    description: 'Goes on with a run that failed, was refused or cancelled: stages that are done keep their outputs.',
  })
  async resumePipelineRun(
    @Arg('input', () => ResumePipelineRunInput, { description: 'Run.' }) input: ResumePipelineRunInput,
    @Ctx() context: ExperimentsContext,
  ): Promise<PipelineRunPayload> {
    const wanted = parseInput(resumeInput, input);
    const { engine } = context.services.pipelines;
    await context.mutate(await changeOf(context, 'resumePipelineRun', 'resume', wanted), (tx) =>
      resumeRun(tx, engine, context.principal, wanted),
    );
    return { run: await context.reads.byId(pipelineRuns, wanted.runId) };
  }

  @Mutation(() => PipelineRunPayload, {
    description: 'Approves a stage that waits. Nobody who asked for the run may; the role must be held.',
  })
  approvePipelineStage(
    @Arg('input', () => PipelineDecisionInput, { description: 'Decision.' }) input: PipelineDecisionInput,
    @Ctx() context: ExperimentsContext,
  ): Promise<PipelineRunPayload> {
    return decide(context, 'approvePipelineStage', input, true);
  }

  @Mutation(() => PipelineRunPayload, {
    description: 'Rejects a stage that waits: the run ends as REFUSED. Nobody who asked for the run may.',
  })
  rejectPipelineStage(
    @Arg('input', () => PipelineDecisionInput, { description: 'Decision.' }) input: PipelineDecisionInput,
    @Ctx() context: ExperimentsContext,
  ): Promise<PipelineRunPayload> {
    return decide(context, 'rejectPipelineStage', input, false);
  }
}

@Resolver(() => PipelineStage)
export class PipelineStageResolver {
  @Attribute(() => [PipelineDecision], 'internal', 'Decisions, the last first; several where it was resumed.')
  async decisions(@Root() row: PipelineStageRow, @Ctx() context: ExperimentsContext): Promise<unknown[]> {
    const page = await context.load('PipelineStage.decisions', row.id, (ids) =>
      context.reads.pagesByParent(pipelineDecisions, pipelineDecision.stageId, ids, MOST_DECISIONS),
    );
    return page.edges.map(({ node }) => node);
  }
}

/** Every stage of a run that the reader may see, in order. */
export async function stagesOf(context: ExperimentsContext, runId: string) {
  const page = await context.load('PipelineRun.stages', runId, (ids) =>
    context.reads.pagesByParent(pipelineStages, pipelineStage.runId, ids, ALL_STAGES),
  );
  return page.edges.map(({ node }) => node).sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
}

/** Rules may hang on attributes of the run; a run that the caller may not see does not exist. */
async function changeOf(
  context: ExperimentsContext,
  action: string,
  verb: string,
  details: { readonly runId: string },
) {
  const { workspaceId } = context.principal;
  await context.reads.required(pipelineRuns, details.runId);
  const row = await context.transaction(async (tx) => {
    const { zone, pipelineName, state, ownerId } = pipelineRun;
    const [found] = await tx
      .select({ zone, pipelineName, state, ownerId })
      .from(pipelineRun)
      .where(eq(pipelineRun.id, details.runId));
    return { ...found, workspaceId };
  });
  return { action, noun: 'PipelineRun', verb, subjectId: details.runId, row, details: { ...details } };
}

async function decide(
  context: ExperimentsContext,
  action: string,
  input: PipelineDecisionInput,
  approved: boolean,
): Promise<PipelineRunPayload> {
  const wanted = parseInput(decisionInput, input);
  await context.reads.required(pipelineRuns, wanted.runId);
  const { engine } = context.services.pipelines;
  const { workspaceId } = context.principal;
  const row = await context.transaction(async (tx) => {
    const { zone, name, type, state } = pipelineStage;
    const [found] = await tx
      .select({ zone, name, type, state })
      .from(pipelineStage)
      .where(and(eq(pipelineStage.runId, wanted.runId), eq(pipelineStage.name, wanted.stage)));
    if (!found)
      throw new PlatformError('NOT_FOUND', `The run has no stage "${wanted.stage}".`, {
        details: { type: 'PipelineStage' },
      });
    return { ...found, workspaceId };
  });
  await context.mutate(
    { action, noun: 'PipelineStage', verb: 'decide', subjectId: wanted.runId, row, details: { ...wanted } },
    (tx) => decideStage(tx, engine, context.principal, wanted, approved),
  );
  return { run: await context.reads.byId(pipelineRuns, wanted.runId) };
}
