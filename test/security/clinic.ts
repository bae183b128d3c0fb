// A workspace whose data is health data of AE and which may also work in GB: source, features, training set, run and model,
// made over HTTP by its people, for attacks on residency.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../platform-requests.js';
import { randomFrom } from '../random.js';
import type { Answer, AttackedPlatform, Role, Workspace } from './platform.js';

export interface Clinic extends Workspace {
  readonly sourceId: string;
  readonly featureViewId: string;
  readonly featureServiceId: string;
  readonly trainingSetId: string;
  readonly experimentId: string;
  readonly runId: string;
  readonly modelVersionId: string;
  /** What its training set and its run were asked for with. */
  readonly trainingSet: Readonly<Record<string, unknown>>;
  readonly training: Readonly<Record<string, unknown>>;
  /** As somebody of the clinic. */
  ask(role: Role, query: string, variables?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** As `ask`, and throws what was refused. */
  did(role: Role, query: string, variables?: Readonly<Record<string, unknown>>): Promise<Answer['data']>;
}

const staff = ['feature-engineer', 'data-scientist', 'approver', 'auditor', 'administrator'] as const satisfies Role[];
const PATIENTS = 20;
const EVENTS = 600;
const taken = { column: 'taken_at' };

/** The pressure of each patient varies around a value of their own: the mean of the past tells of the next one. */
function measurements(): string {
  const random = randomFrom(11);
  const rows = Array.from({ length: EVENTS }, (_, hour) => {
    const patient = Math.floor(random() * PATIENTS);
    const pressure = Math.round(105 + 2.5 * patient + 20 * (random() - 0.5));
    return `p${patient},${new Date(Date.UTC(2026, 0, 1, hour)).toISOString()},${pressure}`;
  });
  return ['patient,taken_at,pressure', ...rows].join('\n');
}

export async function openClinic(platform: AttackedPlatform): Promise<Clinic> {
  const id = await platform.found('clinic', ['AE', 'AE-DIFC', 'GB']);
  const tokens = new Map<Role, string>();
  const principals = new Map<Role, string>();
  for (const role of staff) {
    const hired = await platform.hire(role, id);
    tokens.set(role, hired.token);
    principals.set(role, hired.id);
  }
  const people: Workspace = { id, tokens, principals };
  const ask: Clinic['ask'] = (role, query, variables = {}) => platform.ask(role, query, { from: people, variables });
  const did: Clinic['did'] = async (role, query, variables) => {
    const answer = await ask(role, query, variables);
    if (answer.errors.length > 0) throw new Error(`${query}: ${answer.text}`);
    return answer.data;
  };
  const engineer = (query: string, variables?: object) => did('feature-engineer', query, { ...variables });
  const scientist = (query: string, variables?: object) => did('data-scientist', query, { ...variables });

  mkdirSync(join(platform.landing, 'clinic'), { recursive: true });
  writeFileSync(join(platform.landing, 'clinic', 'pressure.csv'), measurements());
  const { createDataSource } = await engineer(
    `mutation { createDataSource(input: { name: "pressure", format: CSV, path: "clinic/pressure.csv", zone: "AE", categories: ["health"] }) { dataSource { id } } }`,
  );
  const sourceId: string = createDataSource.dataSource.id;
  const { createEntity } = await engineer(
    'mutation { createEntity(input: { name: "patient", keys: ["patient"] }) { entity { id } } }',
  );
  const { createFeatureView } = await engineer(
    'mutation($input: CreateFeatureViewInput!) { createFeatureView(input: $input) { featureView { id } } }',
    {
      input: {
        name: 'past_pressure',
        entityId: createEntity.entity.id,
        sourceId,
        keys: [{ name: 'patient', column: 'patient' }],
        eventTime: taken,
        knownTime: { ...taken, offsetSeconds: 60 },
        ttlSeconds: 30 * 86_400,
        features: [{ name: 'mean_pressure', aggregate: 'MEAN', column: 'pressure', windowSeconds: 30 * 86_400 }],
      },
    },
  );
  const featureViewId: string = createFeatureView.featureView.id;
  await engineer('mutation($id: ID!) { buildFeatureView(id: $id) { featureView { id } } }', { id: featureViewId });
  const { createFeatureService } = await engineer(
    'mutation($input: CreateFeatureServiceInput!) { createFeatureService(input: $input) { featureService { id } } }',
    { input: { name: 'pressure', views: [{ featureViewId, keys: [{ name: 'patient', column: 'patient' }] }] } },
  );
  const featureServiceId: string = createFeatureService.featureService.id;
  const trainingSet = {
    name: 'pressure',
    featureServiceId,
    labelSourceId: sourceId,
    eventTime: taken,
    carry: ['patient'],
    label: { name: 'high', column: 'pressure', condition: { operator: 'GT', number: 130 } },
  };
  const { createTrainingSet } = await scientist(
    'mutation($input: CreateTrainingSetInput!) { createTrainingSet(input: $input) { trainingSet { id } } }',
    { input: trainingSet },
  );
  const trainingSetId: string = createTrainingSet.trainingSet.id;
  const { createExperiment } = await scientist(
    'mutation { createExperiment(input: { name: "pressure" }) { experiment { id } } }',
  );
  const experimentId: string = createExperiment.experiment.id;
  const training = {
    experimentId,
    name: 'pressure',
    trainingSetId,
    trainer: 'gbdt',
    task: 'BINARY',
    parameters: { trees: 20, maxLeaves: 4 },
    seed: 7,
    holdoutFraction: 0.3,
  };
  const { startTrainingRun } = await scientist(
    'mutation($input: StartTrainingRunInput!) { startTrainingRun(input: $input) { run { id } } }',
    { input: training },
  );
  const runId: string = startTrainingRun.run.id;
  await until(
    async () => {
      const { run } = await scientist('query($id: ID!) { run(id: $id) { state error } }', { id: runId });
      if (run.state === 'FAILED') throw new Error(run.error);
      return run.state === 'SUCCEEDED';
    },
    30_000,
    'the run of the clinic ends',
  );
  await scientist('mutation { createModel(input: { name: "pressure" }) { model { id } } }');
  const { createModelVersion } = await scientist(
    'mutation($runId: ID!) { createModelVersion(input: { modelName: "pressure", runId: $runId }) { modelVersion { id } } }',
    { runId },
  );
  const modelVersionId: string = createModelVersion.modelVersion.id;
  return {
    ...people,
    sourceId,
    featureViewId,
    featureServiceId,
    trainingSetId,
    experimentId,
    runId,
    modelVersionId,
    trainingSet,
    training,
    ask,
    did,
  };
}

/** A transfer instrument of one person, approved by another, that counts until then. Answers its id. */
export async function recordInstrument(clinic: Clinic, validTo: Date, targetZones = ['GB']): Promise<string> {
  const { recordTransferInstrument } = await clinic.did(
    'data-scientist',
    'mutation($input: RecordTransferInstrumentInput!) { recordTransferInstrument(input: $input) { instrument { id } } }',
    {
      input: {
        type: 'MOH_EXCEPTION',
        dataZone: 'AE',
        categories: ['health'],
        targetZones,
        reference: 'MOHAP/2026/118',
        reason: 'remote reading of scans, as decided',
        validTo,
      },
    },
  );
  const { id } = recordTransferInstrument.instrument;
  await clinic.did(
    'approver',
    'mutation($input: DecideTransferInstrumentInput!) { decideTransferInstrument(input: $input) { instrument { state } } }',
    { input: { instrumentId: id, approve: true, reason: 'seen with counsel' } },
  );
  return id;
}
