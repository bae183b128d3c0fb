// One way to start a run, for people and for triggers: the same input, policy, budget and audit record.
import { refused } from '@falaj/runtime';
import { assertBudget, parseInput, type SubgraphContext } from '@falaj/subgraph-kit';
import { z } from 'zod';
import type { Values } from '../domain/pipeline/definition.js';
import { authorizeCommand } from '../store/pipeline-ports.js';
import { type RunRequest, startRun } from '../store/pipeline-starts.js';
import { pipelineNamed } from '../store/pipeline-writes.js';
import type { PipelineServices } from './pipeline-context.js';

const startInput = z.object({
  pipeline: z.string().min(1),
  version: z.number().int().min(1).nullish(),
  idempotencyKey: z.string().min(1).max(200),
  parameters: z.record(z.string(), z.json()).nullish(),
  caching: z.boolean().nullish(),
  priority: z.number().int().min(-1000).max(1000).nullish(),
  zone: z.string().nullish(),
});

export interface StartRequest {
  readonly pipeline: string;
  readonly idempotencyKey: string;
  readonly version?: number | null | undefined;
  readonly parameters?: Readonly<Record<string, unknown>> | null | undefined;
  readonly caching?: boolean | null | undefined;
  readonly priority?: number | null | undefined;
  readonly zone?: string | null | undefined;
}

export async function startPipelineRun(
  context: SubgraphContext<{ readonly pipelines: Pick<PipelineServices, 'engine'> }>,
  input: StartRequest,
  trigger?: RunRequest['trigger'],
): Promise<{ readonly id: string; readonly started: boolean }> {
  const wanted = parseInput(startInput, input);
  const { principal } = context;
  const zone = zoneOf(context, wanted.zone);
  const made = await context.transaction((tx) => pipelineNamed(tx, wanted.pipeline, wanted.version));
  return context.mutate(
    {
      action: 'startPipelineRun',
      noun: 'PipelineRun',
      verb: 'start',
      row: {
        workspaceId: principal.workspaceId,
        zone,
        pipelineName: made.name,
        state: 'QUEUED',
        ownerId: principal.id,
      },
      details: { pipeline: made.name, version: made.version, zone, trigger: trigger?.id ?? null },
      async prepare() {
        await assertBudget(context, {});
        // Said now rather than in the middle of a run; the stage asks again when it begins.
        for (const { type, parameters } of made.definition.stages)
          if (type === 'COMMAND') {
            const [program] = parameters.argv as string[];
            await authorizeCommand(context.platform, principal, { program: program ?? '', pipeline: made.name });
          }
      },
    },
    async (tx, audit) => {
      const run = await startRun(tx, context.services.pipelines.engine, principal, made, {
        idempotencyKey: wanted.idempotencyKey,
        parameters: (wanted.parameters ?? {}) as Values,
        caching: wanted.caching ?? true,
        priority: wanted.priority ?? undefined,
        zone,
        ...(trigger ? { trigger } : {}),
      });
      audit.subject(run.id, { started: run.started });
      return run;
    },
  );
}

/** Where the records of a run live. Throws RESIDENCY_VIOLATION for a zone that the workspace has not. */
export function zoneOf({ principal }: Pick<SubgraphContext, 'principal'>, wanted: string | null | undefined): string {
  const zone = wanted ?? (principal.zones.includes(principal.zone) ? principal.zone : principal.zones[0]);
  if (zone !== undefined && principal.zones.includes(zone)) return zone;
  throw refused(
    {
      rule: 'WORKSPACE_ZONES',
      found: zone ?? 'no zone',
      limit: `one of ${principal.zones.join(', ') || 'no zone'}`,
      whatToDo: 'choose a zone of the workspace',
    },
    'RESIDENCY_VIOLATION',
    { allowedZones: principal.zones },
  );
}
