import { createHash } from 'node:crypto';
import { canonicalJson } from '@falaj/runtime';
import { Attribute, type Connection, newId, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { and, desc, eq, sql } from 'drizzle-orm';
import { Arg, Args, Ctx, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { requireSound } from '../domain/pipeline/check-definition.js';
import { pipelineInput } from '../domain/pipeline/definition.js';
import { plannedStages } from '../domain/pipeline/pipeline-run.js';
import { type PipelineRow, pipelineRuns, pipelines } from '../store/pipeline-governed.js';
import { pipeline, pipelineRun } from '../store/pipeline-tables.js';
import type { ExperimentsContext } from './context.js';
import { CreatePipelineInput, PipelineFilter } from './pipeline-inputs.js';
import { PipelinePayload } from './pipeline-payloads.js';
import {
  Pipeline,
  PipelineConnection,
  PipelineParameter,
  PipelineRunConnection,
  PipelineStageDefinition,
} from './pipeline-types.js';

@Resolver(() => Pipeline)
export class PipelineResolver {
  @Query(() => Pipeline, { nullable: true, description: 'A version of a pipeline by id.' })
  pipeline(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: ExperimentsContext) {
    return context.reads.required(pipelines, id);
  }

  @Query(() => Pipeline, { nullable: true, description: 'A pipeline by name.' })
  async pipelineByName(
    @Arg('name', () => String, { description: 'Name.' }) name: string,
    @Arg('version', () => Int, { nullable: true, description: 'Version; default the newest.' })
    version: number | undefined,
    @Ctx() context: ExperimentsContext,
  ) {
    const found = await context.reads.page(pipelines, {
      first: 1,
      filters: [
        { field: 'name', condition: eq(pipeline.name, name) },
        ...(version === undefined ? [] : [{ field: 'version' as const, condition: eq(pipeline.version, version) }]),
      ],
      orderBy: { field: 'version', direction: 'DESC' },
    });
    return found.edges[0]?.node ?? null;
  }

  @Query(() => PipelineConnection, { description: 'Versions of pipelines, newest first.' })
  pipelines(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => PipelineFilter, { nullable: true, description: 'Restriction.' })
    filter: PipelineFilter | undefined,
    @Ctx() context: ExperimentsContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(pipelines, {
      ...page,
      filters: [
        ...(filter?.name ? [{ field: 'name' as const, condition: eq(pipeline.name, filter.name) }] : []),
        ...(filter?.newestOnly
          ? [
              {
                field: 'version' as const,
                condition: sql`not exists (select from experiments.pipeline newer where newer.workspace_id = ${pipeline.workspaceId}
                  and newer.name = ${pipeline.name} and newer.version > ${pipeline.version})`,
              },
            ]
          : []),
      ],
    });
  }

  @Attribute(() => [PipelineParameter], 'internal', 'Parameters of its runs.')
  parameters(@Root() row: PipelineRow): PipelineParameter[] {
    return row.definition.parameters.map(({ name, type, default: standard, description }) => ({
      name,
      type,
      required: standard === undefined,
      standard: standard === undefined ? null : { value: standard },
      description,
    }));
  }

  @Attribute(() => [PipelineStageDefinition], 'internal', 'Stages, in an order in which they may run.')
  stages(@Root() row: PipelineRow): PipelineStageDefinition[] {
    return plannedStages(row.definition, true).map((stage) => {
      const argv = Array.isArray(stage.parameters.argv) ? stage.parameters.argv.map(String) : [];
      return {
        ...stage,
        needs: stage.dependencies,
        timeoutSeconds: stage.timeoutSeconds ?? null,
        command: stage.type === 'COMMAND' ? { program: argv[0] ?? '', argv } : null,
      };
    });
  }

  @Attribute(() => PipelineRunConnection, 'internal', 'Runs of this version, newest first.')
  runs(@Root() row: PipelineRow, @Args(() => PageArguments) page: PageArguments, @Ctx() context: ExperimentsContext) {
    return context.children(pipelineRuns, pipelineRun.pipelineId, row.id, page);
  }

  @Mutation(() => PipelinePayload, {
    description: 'Writes a pipeline: a new version where it differs from the newest one, else that one.',
  })
  async createPipeline(
    @Arg('input', () => CreatePipelineInput, { description: 'Pipeline.' }) input: CreatePipelineInput,
    @Ctx() context: ExperimentsContext,
  ): Promise<PipelinePayload> {
    const { name, description, concurrency, priority, ...definition } = parseInput(pipelineInput, withDefaults(input));
    requireSound(definition);
    const digest = createHash('sha256')
      .update(canonicalJson({ definition, description, concurrency, priority }))
      .digest('hex');
    const row = { workspaceId: context.principal.workspaceId, name, ownerId: context.principal.id };
    const saved = await context.mutate(
      { action: 'createPipeline', noun: 'Pipeline', verb: 'create', row, details: { name, digest } },
      async (tx, audit) => {
        await tx.execute(
          sql`select pg_advisory_xact_lock(hashtextextended(${`pipeline ${row.workspaceId} ${name}`}, 0))`,
        );
        const [newest] = await tx
          .select()
          .from(pipeline)
          .where(and(eq(pipeline.name, name), eq(pipeline.workspaceId, row.workspaceId)))
          .orderBy(desc(pipeline.version))
          .limit(1);
        const same = newest?.digest === digest;
        const id = same ? newest.id : newId('pl');
        const version = same ? newest.version : (newest?.version ?? 0) + 1;
        audit.subject(id, { version, created: !same });
        if (!same)
          await tx.insert(pipeline).values({
            id,
            ...context.ownership,
            name,
            version,
            description,
            definition,
            digest,
            concurrency,
            priority,
          });
        return { id, created: !same };
      },
    );
    return { pipeline: await context.reads.byId(pipelines, saved.id), created: saved.created };
  }
}

/** What callers leave out or send as null is not there; a default comes wrapped, for null may be one. */
function withDefaults(input: CreatePipelineInput): unknown {
  const given = (part: object) => Object.fromEntries(Object.entries(part).filter(([, value]) => value != null));
  return {
    ...given(input),
    parameters: (input.parameters ?? []).map(({ standard, ...parameter }) => ({
      ...given(parameter),
      ...(standard?.value === undefined ? {} : { default: standard.value }),
    })),
    stages: input.stages.map(given),
  };
}
