// A platform whose features, training set and model are about persons: the guests of a house.
import { strict as assert } from 'node:assert';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, type GraphError } from '@falaj/client';
import { parse } from 'graphql';
import { operatorTokenOf, type Processes, startWhole } from '../platform-processes.js';
import { until } from '../platform-requests.js';

// biome-ignore lint/suspicious/noExplicitAny: queries written in the tests have no generated type.
type Data = any;
const roles = ['feature-engineer', 'data-scientist', 'approver', 'auditor', 'administrator'] as const;
export type Role = (typeof roles)[number];

/** The person, and what only they have. */
export const GUEST = '784-1990-1234567-1';
export const INCOME = 81_234.5;
const guests = [GUEST, ...Array.from({ length: 300 }, (_, index) => `guest-${index}`)];
/** Of `guest-17`. */
export const OTHER_INCOME = 1_066;
/** Of anybody but the person. */
export const MOST_INCOME = 1_299;
/** In no order of time, so that those who are held out look like the others. */
const incomeOf = (index: number): number => (index === 0 ? INCOME : 1_000 + ((index * 37) % 300));

const time = (day: number) => new Date(Date.UTC(2026, 0, 1 + day)).toISOString();
const csv = (lines: readonly (readonly (string | number)[])[]) => `${lines.map((line) => line.join(',')).join('\n')}\n`;
const ONLINE = 'query($i: OnlineFeaturesInput!) { onlineFeatures(input: $i) { values { number status } } }';
const ERASURE = `id state error zones keysDestroyed records stores { store zone subjectId erased how } notErased { what why whatToDo }
  models { id name version learned } modelsKnown closeBackupsAt backupsClosedAt`;

export class GuestHouse {
  processes: Processes;
  readonly ids: Record<string, string> = {};
  readonly #tokens = new Map<Role, string>();

  private constructor(processes: Processes) {
    this.processes = processes;
  }

  /** With features online and offline, and a training set; `train` and `serve` make the rest. */
  static async open(dataDirectory: string): Promise<GuestHouse> {
    const house = new GuestHouse(await startWhole(dataDirectory));
    await house.#hire();
    await house.#defineFeatures();
    return house;
  }

  async restart(): Promise<void> {
    this.processes = await startWhole(this.processes.dataDirectory);
  }

  clientAt({ url }: Processes, role: Role) {
    return createClient({ url, token: this.#tokens.get(role) as string, workspace: this.ids.workspace as string });
  }

  async ask(role: Role, query: string, variables: Record<string, unknown> = {}, at = this.processes) {
    const { data, errors = [] } = await this.clientAt(at, role).request(parse(query) as never, variables as never);
    return { data: data as Data, errors: errors as readonly GraphError[], code: errors[0]?.extensions.code };
  }

  async done(role: Role, query: string, variables: Record<string, unknown> = {}): Promise<Data> {
    const { data, errors } = await this.ask(role, query, variables);
    assert.deepEqual(errors, [], query);
    return data;
  }

  /** The online value of a guest's income. */
  onlineOf(guest: string, at = this.processes) {
    const input = { featureServiceId: this.ids.service, entityRows: [{ guest }] };
    return this.ask('data-scientist', ONLINE, { i: input }, at);
  }

  async incomeOf(guest: string) {
    const { data, errors } = await this.onlineOf(guest);
    assert.deepEqual(errors, []);
    return data.onlineFeatures[0].values[0] as { number: number | null; status: string };
  }

  trainingSet(name: string): Promise<Data> {
    return this.done(
      'data-scientist',
      'mutation($i: CreateTrainingSetInput!) { createTrainingSet(input: $i) { trainingSet { id digest rows columns { name } } } }',
      {
        i: {
          name,
          featureServiceId: this.ids.service,
          labelSourceId: this.ids.stays,
          eventTime: { column: 'at' },
          label: { name: 'long', column: 'nights', condition: { operator: 'GT', number: 5 } },
        },
      },
    ).then(({ createTrainingSet }) => createTrainingSet.trainingSet);
  }

  erase(role: Role, subject: string) {
    return this.ask(role, 'mutation($i: EraseSubjectInput!) { eraseSubject(input: $i) { erasure { id state } } }', {
      i: { subject, reason: 'request 17' },
    });
  }

  erasureEnded(id: string): Promise<Data> {
    return until(
      async () => {
        const { subjectErasure } = await this.done('administrator', `{ subjectErasure(id: "${id}") { ${ERASURE} } }`);
        return subjectErasure.state !== 'RUNNING' && subjectErasure;
      },
      120_000,
      'the erasure ends',
    );
  }

  /** Waits for the end of a run of the trainer. */
  runEnded(id: string, at = this.processes): Promise<{ state: string; error: string | null }> {
    return until(
      async () => {
        const { data } = await this.ask('data-scientist', `{ run(id: "${id}") { state error } }`, {}, at);
        return ['FAILED', 'SUCCEEDED'].includes(data.run.state) && data.run;
      },
      60_000,
      'the run ends',
    );
  }

  async startRun(name: string, at = this.processes): Promise<string> {
    const input = {
      experimentId: this.ids.experiment,
      name,
      trainingSetId: this.ids.set,
      parameters: { trees: 20, minRowsPerLeaf: 5 },
    };
    const query = 'mutation($i: StartTrainingRunInput!) { startTrainingRun(input: $i) { run { id } } }';
    const { data, errors } = await this.ask('data-scientist', query, { i: input }, at);
    assert.deepEqual(errors, []);
    return data.startTrainingRun.run.id;
  }

  /** A model version of the training set, and a run by hand that filed a table of its predictions. */
  async train(): Promise<void> {
    const made = (query: string, variables?: Record<string, unknown>) => this.done('data-scientist', query, variables);
    const { createExperiment } = await made(
      'mutation { createExperiment(input: { name: "stays" }) { experiment { id } } }',
    );
    this.ids.experiment = createExperiment.experiment.id;
    this.ids.run = await this.startRun('stays');
    assert.deepEqual(await this.runEnded(this.ids.run), { state: 'SUCCEEDED', error: null });
    const { createRun } = await made('mutation($i: CreateRunInput!) { createRun(input: $i) { run { id } } }', {
      i: { experimentId: this.ids.experiment, name: 'by hand', trainingSetIds: [this.ids.set] },
    });
    this.ids.logged = createRun.run.id;
    await made('mutation($i: LogRunArtifactInput!) { logRunArtifact(input: $i) { artifact { path } } }', {
      i: { runId: this.ids.logged, path: 'predictions.csv', contentType: 'text/csv', base64: 'YQ==' },
    });
    await made(
      'mutation { createModel(input: { name: "stays", description: "Whether a stay is long." }) { model { id } } }',
    );
    const { createModelVersion } = await made(
      `mutation { createModelVersion(input: { modelName: "stays", runId: "${this.ids.run}" }) { modelVersion { id } } }`,
    );
    this.ids.version = createModelVersion.modelVersion.id;
  }

  /** An endpoint of the model, with a log of its inferences. */
  async serve(): Promise<void> {
    const { createEndpoint } = await this.done(
      'approver',
      `mutation { createEndpoint(input: { name: "stays", modelVersionId: "${this.ids.version}", zone: "AE" }) { endpoint { id } } }`,
    );
    this.ids.endpoint = createEndpoint.endpoint.id;
    await this.done(
      'approver',
      `mutation { setInferenceLog(input: { endpointId: "${this.ids.endpoint}" }) { inferenceLog { enabled } } }`,
    );
  }

  /** By the inference protocol, as the approver. */
  async infer(guest: string, headers: Readonly<Record<string, string>> = {}): Promise<{ status: number; body: Data }> {
    const response = await fetch(new URL('/v2/models/stays/infer', this.processes.url), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${this.#tokens.get('approver')}`,
        'x-falaj-workspace': this.ids.workspace as string,
        ...headers,
      },
      body: JSON.stringify({ inputs: [{ name: 'guest', datatype: 'BYTES', shape: [1], data: [guest] }] }),
    });
    return { status: response.status, body: await response.json() };
  }

  async #hire(): Promise<void> {
    const { url, dataDirectory } = this.processes;
    const token = await operatorTokenOf(dataDirectory);
    const operate = async (query: string): Promise<Data> => {
      const { workspace } = this.ids;
      const client = createClient({ url, token, ...(workspace ? { workspace } : {}) });
      return client.data(parse(query) as never, {} as never);
    };
    const { createWorkspace } = await operate(
      'mutation { createWorkspace(input: { name: "guests", allowedZones: ["AE"], defaultZone: "AE" }) { workspace { id } } }',
    );
    this.ids.workspace = createWorkspace.workspace.id;
    for (const role of roles) {
      const person = `name: "a ${role}", email: "${role}@example.test", kind: USER, zone: "AE"`;
      const { createPrincipal } = await operate(
        `mutation { createPrincipal(input: { ${person} }) { principal { id } } }`,
      );
      const { id } = createPrincipal.principal;
      this.ids[role] = id;
      await operate(`mutation { grantRole(input: { principalId: "${id}", role: "${role}" }) { principal { id } } }`);
      const { issueAccessToken } = await operate(
        `mutation { issueAccessToken(input: { principalId: "${id}", ttlSeconds: 900 }) { token } }`,
      );
      this.#tokens.set(role, issueAccessToken.token);
    }
  }

  async #defineFeatures(): Promise<void> {
    const { ids } = this;
    const landing = join(this.processes.dataDirectory, 'landing');
    const incomes = guests.map((guest, index) => [guest, time(0), incomeOf(index)]);
    writeFileSync(join(landing, 'guests.csv'), csv([['guest', 'at', 'income'], ...incomes]));
    // Who earns more stays longer, but for every tenth.
    const nights = (index: number) => (incomeOf(index) > 1_150 !== (index % 10 === 0) ? 8 : 2);
    const stays = guests.map((guest, index) => [guest, time(1 + (index % 200)), nights(index)]);
    writeFileSync(join(landing, 'stays.csv'), csv([['guest', 'at', 'nights'], ...stays]));
    const made = (query: string, variables?: Record<string, unknown>) =>
      this.done('feature-engineer', query, variables);
    for (const name of ['guests', 'stays']) {
      const { createDataSource } = await made(
        `mutation { createDataSource(input: { name: "${name}", format: CSV, path: "${name}.csv", zone: "AE", categories: ["personal"] }) { dataSource { id } } }`,
      );
      ids[name] = createDataSource.dataSource.id;
    }
    const { createEntity } = await made(
      'mutation { createEntity(input: { name: "guest", keys: ["guest"], subjectKey: "guest" }) { entity { id } } }',
    );
    const view = {
      name: 'incomes',
      entityId: createEntity.entity.id,
      sourceId: ids.guests,
      keys: [{ name: 'guest', column: 'guest' }],
      eventTime: { column: 'at' },
      features: [{ name: 'income', column: 'income' }],
    };
    const { createFeatureView } = await made(
      'mutation($i: CreateFeatureViewInput!) { createFeatureView(input: $i) { featureView { id } } }',
      { i: view },
    );
    ids.view = createFeatureView.featureView.id;
    await made(`mutation { buildFeatureView(id: "${ids.view}") { featureView { rows } } }`);
    const { createFeatureService } = await made(
      `mutation { createFeatureService(input: { name: "stays", views: [{ featureViewId: "${ids.view}", keys: [{ name: "guest", column: "guest" }] }] }) { featureService { id } } }`,
    );
    ids.service = createFeatureService.featureService.id;
    const set = await this.trainingSet('stays');
    // Carried along unasked: without it nobody could take a person out again.
    assert.ok(set.columns.some(({ name }: { name: string }) => name === 'guest'));
    ids.set = set.id;
    ids.digest = set.digest;
    await this.materialise();
  }

  async materialise(): Promise<number> {
    const { materializeFeatureView } = await this.done(
      'feature-engineer',
      `mutation { materializeFeatureView(input: { featureViewId: "${this.ids.view}" }) { materialization { rowsWritten } } }`,
    );
    return materializeFeatureView.materialization.rowsWritten;
  }
}
