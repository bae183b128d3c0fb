// The stages of pipelines over this deployment: graph, vault, plugins and policy, as the principal of the run.
import type { Call } from '@falaj/contracts';
import type { Tx } from '@falaj/database';
import type { Directory } from '@falaj/identity';
import { currentTraceparent, isPlatformError, PlatformError, type Principal, refused, type Step } from '@falaj/runtime';
import { type Platform, type RequestContext, writeReads } from '@falaj/subgraph-kit';
import { and, eq, gt, sql } from 'drizzle-orm';
import { cacheKey } from '../domain/pipeline/cache-key.js';
import { prepare, setHolds, sourcesOfSet, validate } from '../domain/pipeline/data-stages.js';
import type { StageType, Values, ValueType } from '../domain/pipeline/definition.js';
import type { CachedResult, PipelinePorts } from '../domain/pipeline/execute-pipeline.js';
import { gate, promoted } from '../domain/pipeline/gate-stage.js';
import { deploy, evaluate, register, train, trainingHolds } from '../domain/pipeline/model-stages.js';
import type { PlannedStage, RunPlan } from '../domain/pipeline/pipeline-run.js';
import { type Perform, pause, present, type StageContext } from '../domain/pipeline/stage-context.js';
import { runCommand } from './pipeline-command.js';
import { pipelineCache, pipelineStage } from './pipeline-tables.js';
import {
  askForDecision,
  beginRun,
  beginStage,
  endRun,
  failStage,
  finishStage,
  notifyPipeline,
} from './pipeline-writes.js';

const performers: Readonly<Record<Exclude<StageType, 'APPROVE'>, Perform>> = {
  PREPARE: prepare,
  VALIDATE: validate,
  TRAIN: train,
  EVALUATE: evaluate,
  REGISTER: register,
  GATE: gate,
  DEPLOY: deploy,
  COMMAND: (context) => context.runCommand(),
};

/** What an earlier result points to must still be there for the principal of this run. */
const stillHolds: Partial<Record<StageType, typeof trainingHolds>> = { PREPARE: setHolds, TRAIN: trainingHolds };

const LABEL = /* GraphQL */ `
  query PipelineLabel($id: ID!) {
    trainingSet(id: $id) { artifactKey artifactDigest zone columns { name role } }
  }
`;

/** Who the principal is now: roles that were taken away meanwhile are gone. Throws FORBIDDEN for one that is no member. */
export async function principalNow(directory: Directory, id: string, workspaceId: string): Promise<Principal> {
  const principal = await directory.resolve({ issuer: '', subject: id, local: true }, workspaceId);
  if (principal.workspaceId !== workspaceId)
    throw refused(
      {
        rule: 'MEMBERSHIP',
        found: 'a run whose principal is no member of the workspace any more',
        limit: 'a principal with a role here',
        whatToDo: 'let a member resume the run or start it again',
      },
      'FORBIDDEN',
      { principalId: id },
    );
  return principal;
}

/** Throws FORBIDDEN unless a rule of the workspace lets the principal run this program: no built-in rule does. */
export async function authorizeCommand(
  platform: Platform,
  principal: Principal,
  command: { program: string; pipeline: string },
) {
  const ability = await platform.abilityFor(principal);
  ability.authorize('execute', 'PipelineCommand', { ...command, workspaceId: principal.workspaceId });
}

export function pipelinePorts(platform: Platform, directory: Directory): PipelinePorts<Tx> {
  const { database } = platform;
  const scope = ({ workspaceId, zone, principalId }: RunPlan) => ({ workspaceId, zones: [zone], principalId });

  async function asPrincipal(
    plan: RunPlan,
    step: Step,
  ): Promise<{ principal: Principal; query: StageContext['query'] }> {
    const principal = await principalNow(directory, plan.principalId, plan.workspaceId);
    const request = (): RequestContext => ({
      principal,
      requestId: step.idempotencyKey,
      traceparent: currentTraceparent() ?? '',
      signal: step.signal,
      clientName: 'pipeline',
    });
    const query: StageContext['query'] = (document, variables) => {
      const ask = () => platform.graph.query<never>(document, variables, request());
      // What only reads may be asked again while a part of the platform restarts; an attempt should not hang on that.
      return /^\s*query\b/.test(document) ? patiently(ask, step.signal) : ask();
    };
    return { principal, query };
  }

  /** What is shown of a running attempt; a process that lost the run counts a lower attempt and changes nothing. */
  async function show(
    plan: RunPlan,
    stage: string,
    attempt: number,
    change: { logTail?: string; trainingRunId?: string },
  ) {
    await database.inWorkspace(scope(plan), async (tx) => {
      const shown = await tx
        .update(pipelineStage)
        .set({ ...change, attempts: attempt })
        .where(
          and(
            eq(pipelineStage.runId, plan.runId),
            eq(pipelineStage.name, stage),
            eq(pipelineStage.state, 'RUNNING'),
            sql`${pipelineStage.attempts} <= ${attempt}`,
          ),
        )
        .returning({ id: pipelineStage.id });
      if (shown.length > 0) await notifyPipeline(tx, plan.runId);
    });
  }

  async function perform(plan: RunPlan, stage: PlannedStage, inputs: Values, step: Step): Promise<Values> {
    const { principal, query } = await asPrincipal(plan, step);
    const { name, type } = stage;
    if (type === 'APPROVE') throw new PlatformError('INTERNAL', 'An approval is no work of a process.');
    await show(plan, name, step.attempt, {});
    const call = (): Call =>
      platform.plugins.call(principal, { workspaceId: plan.workspaceId, zone: plan.zone, signal: step.signal });
    const context: StageContext = {
      plan,
      stage: name,
      inputs,
      step,
      query,
      noteTrainingRun: (trainingRunId) => show(plan, name, step.attempt, { trainingRunId }),
      labelRate: (id) => labelRate(platform, id, { principal, query, requestId: step.idempotencyKey }, call()),
      runCommand: () => command({ plan, stage, inputs, step, principal, call }),
    };
    return performers[type](context);
  }

  async function command(work: {
    plan: RunPlan;
    stage: PlannedStage;
    inputs: Values;
    step: Step;
    principal: Principal;
    call: () => Call;
  }): Promise<Values> {
    const { plan, stage, inputs, step, principal, call } = work;
    const argv = inputs.argv as string[];
    await authorizeCommand(platform, work.principal, { program: argv[0] ?? '', pipeline: plan.pipeline });
    const place = { workspaceId: plan.workspaceId, zone: plan.zone };
    const own = `pipelines/${plan.workspaceId}/${plan.runId}/${stage.name}`;
    return runCommand({
      argv,
      environment: (inputs.environment ?? {}) as Record<string, string>,
      inputs: (inputs.inputs ?? {}) as Values,
      outputs: (inputs.outputs ?? {}) as Record<string, ValueType>,
      contract: {
        FALAJ_PIPELINE: plan.pipeline,
        FALAJ_PIPELINE_VERSION: String(plan.version),
        FALAJ_PIPELINE_RUN: plan.runId,
        FALAJ_STAGE: stage.name,
        FALAJ_ATTEMPT: String(step.attempt),
        FALAJ_IDEMPOTENCY_KEY: step.idempotencyKey,
        FALAJ_PARAMETERS: JSON.stringify(plan.parameters),
      },
      signal: step.signal,
      showLog(logTail) {
        if (step.signal.aborted) return;
        show(plan, stage.name, step.attempt, { logTail }).catch((error: unknown) =>
          platform.log.warn('the log of a stage could not be saved', { run: plan.runId, error: String(error) }),
        );
      },
      async readArtifact({ artifact, digest }) {
        const data = await platform.vault.get(artifact, digest, place, call());
        const read = { type: 'PipelineArtifact', ids: [artifact], fields: ['bytes'] };
        await writeReads(platform, { principal, requestId: step.idempotencyKey, purpose: 'pipeline' }, [read]);
        return data;
      },
      async writeArtifact(name, data) {
        const key = `${own}/${step.attempt}/${name}`;
        const { digest, bytes } = await platform.vault.put(
          { ...place, key, data, fieldClass: 'sensitive', contentType: 'application/octet-stream' },
          call(),
        );
        return { artifact: key, digest, bytes };
      },
    });
  }

  async function lookUp(plan: RunPlan, stage: PlannedStage, inputs: Values, step: Step) {
    const { query } = await asPrincipal(plan, step);
    const fingerprint = stage.type === 'PREPARE' ? await sourcesOfSet({ inputs, query }) : null;
    const codeReference = process.env.FALAJ_CODE_REFERENCE ?? '';
    const key = cacheKey({ type: stage.type, inputs, fingerprint, codeReference });
    const found = await earlierResult(plan, key, stage.cacheSeconds);
    const holds = found !== null && (await (stillHolds[stage.type]?.({ query }, found.outputs) ?? true));
    return { key, hit: holds ? found : null };
  }

  async function earlierResult(plan: RunPlan, key: string, seconds: number | undefined): Promise<CachedResult | null> {
    const [found] = await database.inWorkspace(
      scope(plan),
      (tx) =>
        tx
          .select({ outputs: pipelineCache.outputs, stageId: pipelineCache.stageId })
          .from(pipelineCache)
          .where(
            and(
              eq(pipelineCache.key, key),
              eq(pipelineCache.zone, plan.zone),
              seconds === undefined
                ? undefined
                : gt(pipelineCache.createdAt, sql`clock_timestamp() - make_interval(secs => ${seconds})`),
            ),
          ),
      { readOnly: true },
    );
    return found ?? null;
  }

  return {
    begin: beginRun,
    beginStage,
    ask: askForDecision,
    finishStage,
    failStage,
    endRun,
    lookUp,
    perform,
    settled: async (plan, outputs, step) => promoted(outputs, await asPrincipal(plan, step)),
  };
}

async function patiently<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (const wait of [500, 1_000, 2_000, 4_000, 8_000, 15_000]) {
    try {
      return await ask();
    } catch (error) {
      if (!isPlatformError(error) || !error.retryable) throw error;
    }
    await pause(wait, signal);
  }
  return ask();
}

async function labelRate(
  platform: Platform,
  id: string,
  reader: { readonly principal: Principal; readonly query: StageContext['query']; readonly requestId: string },
  call: Call,
): Promise<number | null> {
  const { vault, plugins } = platform;
  const { principal, query, requestId } = reader;
  const { trainingSet } = await query<{
    trainingSet: {
      artifactKey: string | null;
      artifactDigest: string | null;
      zone: string | null;
      columns: { name: string; role: string | null }[] | null;
    } | null;
  }>(LABEL, { id });
  const key = present(trainingSet?.artifactKey, 'TrainingSet.artifactKey');
  const digest = present(trainingSet?.artifactDigest, 'TrainingSet.artifactDigest');
  const zone = present(trainingSet?.zone, 'TrainingSet.zone');
  const label = trainingSet?.columns?.find(({ role }) => role === 'LABEL');
  if (!label) return null;
  const data = await vault.get(key, digest, { workspaceId: principal.workspaceId, zone }, call);
  const read = { type: 'TrainingSet', ids: [id], fields: [`rows.${label.name}`] };
  await writeReads(platform, { principal, requestId, purpose: 'pipeline' }, [read]);
  const { columns } = await plugins.get('offline-store').readTrainingSet({ data, columns: [label.name] }, call);
  const values = Array.from(columns[0]?.values ?? [], Number).filter((value) => !Number.isNaN(value));
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
