// TRAIN, EVALUATE, REGISTER, GATE and DEPLOY: each asks the graph for what a person would ask, and finds what an earlier
// attempt has done already.
import { isPlatformError, PlatformError, type Refusal } from '@falaj/runtime';
import { type Bound, brokenBounds, refuseUnless } from './bounds.js';
import type { Value, Values } from './definition.js';
import { trainingName } from './pipeline-run.js';
import { type Perform, pause, present, type StageContext } from './stage-context.js';

const LOOK_MS = 500;
const ENDED = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED']);

const FIND_RUNS = /* GraphQL */ `
  query PipelineFindRuns($experiment: ID!, $set: ID!) {
    runs(first: 100, filter: { experimentId: $experiment, trainingSetId: $set }) { edges { node { id name state } } }
  }
`;
const START = /* GraphQL */ `
  mutation PipelineTrain($input: StartTrainingRunInput!) { startTrainingRun(input: $input) { run { id } } }
`;
const RUN = /* GraphQL */ `
  query PipelineRunState($id: ID!) {
    run(id: $id) { state step totalSteps error modelDigest parity { passed } evaluation { scores } }
  }
`;
const CREATE_MODEL = /* GraphQL */ `
  mutation PipelineCreateModel($input: CreateModelInput!) { createModel(input: $input) { model { id } } }
`;
const MODELS = /* GraphQL */ `
  query PipelineModels($name: String!) { models(first: 100, filter: { nameContains: $name }) { edges { node { id name } } } }
`;
const VERSIONS = /* GraphQL */ `
  query PipelineVersions($run: ID!) {
    modelVersions(first: 100, filter: { runId: $run }) { edges { node { id version modelName } } }
  }
`;
const REGISTER = /* GraphQL */ `
  mutation PipelineRegister($input: CreateModelVersionInput!) {
    createModelVersion(input: $input) { modelVersion { id version modelName } }
  }
`;
const ENDPOINTS = /* GraphQL */ `
  query PipelineEndpoints($name: String!) {
    endpoints(first: 10, filter: { name: $name, state: READY }) { edges { node { id name revision modelVersion { id } } } }
  }
`;
const CREATE_ENDPOINT = /* GraphQL */ `
  mutation PipelineCreateEndpoint($input: CreateEndpointInput!) { createEndpoint(input: $input) { endpoint { id revision } } }
`;
const UPDATE_ENDPOINT = /* GraphQL */ `
  mutation PipelineUpdateEndpoint($input: UpdateEndpointInput!) { updateEndpoint(input: $input) { endpoint { id revision } } }
`;

interface RunFacts {
  readonly state: string | null;
  readonly step: number | null;
  readonly totalSteps: number | null;
  readonly error: string | null;
  readonly modelDigest: string | null;
  readonly parity: { readonly passed: boolean | null } | null;
  readonly evaluation: { readonly scores: Record<string, number | null> | null } | null;
}

const factsOf = async ({ query }: Pick<StageContext, 'query'>, id: string): Promise<RunFacts> =>
  present((await query<{ run: RunFacts | null }>(RUN, { id })).run, 'Run');

export const train: Perform = async (context) => {
  const { inputs, step } = context;
  const runId = (await findRun(context)) ?? (await startRun(context));
  await context.noteTrainingRun(runId);
  let shown = '';
  for (;;) {
    const run = await factsOf(context, runId);
    const line = `training ${run.state}, step ${run.step} of ${run.totalSteps}`;
    if (line !== shown) step.log(line);
    shown = line;
    if (run.state === 'SUCCEEDED') return { runId, modelDigest: present(run.modelDigest, 'Run.modelDigest') };
    if (ENDED.has(run.state ?? ''))
      throw new PlatformError(
        'STAGE_FAILED',
        `Training run ${runId} of ${inputs.trainer} is ${run.state}: ${run.error ?? 'no reason given'}`,
        {
          details: { reason: 'TRAINING', runId },
        },
      );
    await pause(LOOK_MS, step.signal);
  }
};

async function findRun(context: StageContext): Promise<string | undefined> {
  const { inputs, query } = context;
  const { runs } = await query<{
    runs: { edges: { node: { id: string; name: string | null; state: string | null } }[] };
  }>(FIND_RUNS, {
    experiment: inputs.experimentId,
    set: inputs.trainingSetId,
  });
  return runs.edges
    .map(({ node }) => node)
    .find(
      ({ name, state }) =>
        name === trainingName(context.plan, context.stage) && state !== 'FAILED' && state !== 'CANCELLED',
    )?.id;
}

async function startRun(context: StageContext): Promise<string> {
  const input = { ...context.inputs, name: trainingName(context.plan, context.stage) };
  const { startTrainingRun } = await context.query<{ startTrainingRun: { run: { id: string } | null } }>(START, {
    input,
  });
  return present(startTrainingRun.run, 'Run').id;
}

/** Whether a finished training may stand for a new one: it is there, and the principal may see it. */
export async function trainingHolds(context: Pick<StageContext, 'query'>, outputs: Values): Promise<boolean> {
  const run = await factsOf(context, outputs.runId as string).catch(() => null);
  return run?.state === 'SUCCEEDED' && run.modelDigest === outputs.modelDigest;
}

export const evaluate: Perform = async (context) => {
  const { inputs } = context;
  const run = await factsOf(context, inputs.runId as string);
  const scores = present(run.evaluation?.scores, 'Run.evaluation');
  const passed = present(run.parity?.passed, 'Run.parity');
  const limit = (side: 'minimum' | 'maximum'): Bound[] =>
    Object.entries((inputs[side] ?? {}) as Record<string, number>).map(([score, bound]) => ({
      rule: `SCORE ${score}`,
      found: scores[score] ?? null,
      [side]: bound,
      whatToDo: 'train a better model, or change the bound in the pipeline',
    }));
  const parity: Refusal[] =
    inputs.requireParity !== false && !passed
      ? [
          {
            rule: 'PARITY',
            found: 'a difference beyond the tolerance',
            limit: 'equal answers',
            whatToDo: 'report it to the author of the trainer',
          },
        ]
      : [];
  refuseUnless([...brokenBounds([...limit('minimum'), ...limit('maximum')]), ...parity]);
  return { scores: scores as Value, parityPassed: passed };
};

interface Version {
  readonly id: string;
  readonly version: number | null;
  readonly modelName: string | null;
}

export const register: Perform = async (context) => {
  const { modelName, runId } = context.inputs as { modelName: string; runId: string };
  await ensureModel(context, modelName);
  const found = (await versionsOf(context, runId)).find((version) => version.modelName === modelName);
  const version = found ?? (await registerRun(context, modelName, runId));
  return { modelVersionId: version.id, version: present(version.version, 'ModelVersion.version'), modelName };
};

async function versionsOf({ query }: StageContext, run: string): Promise<Version[]> {
  const { modelVersions } = await query<{ modelVersions: { edges: { node: Version }[] } }>(VERSIONS, { run });
  return modelVersions.edges.map(({ node }) => node);
}

async function ensureModel({ query }: StageContext, name: string): Promise<void> {
  const { models } = await query<{ models: { edges: { node: { name: string | null } }[] } }>(MODELS, { name });
  if (models.edges.some(({ node }) => node.name === name)) return;
  await query(CREATE_MODEL, { input: { name } }).catch((error: unknown) => {
    if (!isPlatformError(error) || error.code !== 'CONFLICT') throw error;
  });
}

async function registerRun(context: StageContext, modelName: string, runId: string): Promise<Version> {
  const { createModelVersion } = await context.query<{ createModelVersion: { modelVersion: Version | null } }>(
    REGISTER,
    {
      input: { modelName, runId },
    },
  );
  return present(createModelVersion.modelVersion, 'ModelVersion');
}

interface LiveEndpoint {
  readonly id: string;
  readonly name: string | null;
  readonly revision: number | null;
  readonly modelVersion?: { readonly id: string } | null;
}

export const deploy: Perform = async (context) => {
  const { query, inputs, plan } = context;
  const { endpoint: name, modelVersionId } = inputs as { endpoint: string; modelVersionId: string };
  const { endpoints } = await query<{ endpoints: { edges: { node: LiveEndpoint }[] } }>(ENDPOINTS, { name });
  const live = endpoints.edges.map(({ node }) => node).find((node) => node.name === name);
  if (live?.modelVersion?.id === modelVersionId) return shown(live);
  if (live) {
    const input = { endpointId: live.id, modelVersionId };
    const answer = await query<{ updateEndpoint: { endpoint: LiveEndpoint | null } }>(UPDATE_ENDPOINT, { input });
    return shown(answer.updateEndpoint.endpoint);
  }
  const input = { name, modelVersionId, zone: inputs.zone ?? plan.zone };
  const answer = await query<{ createEndpoint: { endpoint: LiveEndpoint | null } }>(CREATE_ENDPOINT, { input });
  return shown(answer.createEndpoint.endpoint);
};

const shown = (endpoint: LiveEndpoint | null): Values => ({
  endpointId: present(endpoint, 'Endpoint').id,
  revision: present(endpoint?.revision, 'Endpoint.revision'),
});
