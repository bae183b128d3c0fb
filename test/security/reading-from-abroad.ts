// Every door that shows values of the clinic's data, asked by somebody who works in a zone.
import { until } from '../platform-requests.js';
import type { Clinic } from './clinic.js';
import type { AttackedPlatform, Role, Workspace } from './platform.js';

export interface ReadRoom {
  /** Which doors show values to the people of the zone; each refusal or mask is checked to say why. */
  openTo(zone: string): Promise<Record<string, 'SHOWN' | 'READER_ABROAD'>>;
  /** Who was hired in a zone works from another one from now on. */
  move(hiredIn: string, to: string): Promise<void>;
  /** What a prediction says to the people of the zone. */
  refusal(zone: string): Promise<{ readonly message: string; readonly details: Readonly<Record<string, unknown>> }>;
}

const PREDICT =
  'query { predict(input: { endpoint: "readers", features: [[120]] }) { inferenceId outputs { values } } }';

/** Serves, logs and materialises the clinic's data in AE, and hires people in each of the zones. */
export async function openReadRoom(
  platform: AttackedPlatform,
  clinic: Clinic,
  zones: readonly string[],
): Promise<ReadRoom> {
  const { endpoint } = (
    await clinic.did(
      'approver',
      `mutation { createEndpoint(input: { name: "readers", modelVersionId: "${clinic.modelVersionId}", zone: "AE" }) { endpoint { id } } }`,
    )
  ).createEndpoint;
  await clinic.did(
    'approver',
    `mutation { setInferenceLog(input: { endpointId: "${endpoint.id}", enabled: true }) { inferenceLog { enabled } } }`,
  );
  const { predict } = await clinic.did('approver', PREDICT);
  const written = `{ inferenceRecord(id: "${predict.inferenceId}") { id } }`;
  await until(
    async () => (await clinic.ask('auditor', written)).errors.length === 0,
    20_000,
    'the inference is logged',
  );
  await clinic.did(
    'feature-engineer',
    `mutation { materializeFeatureView(input: { featureViewId: "${clinic.featureViewId}", asOf: "2026-01-26T00:00:00Z" }) { materialization { id } } }`,
  );
  const logged = await clinic.did(
    'data-scientist',
    `mutation { createRun(input: { experimentId: "${clinic.experimentId}", name: "notes", trainingSetIds: ["${clinic.trainingSetId}"] }) { run { id } } }`,
  );
  const runId: string = logged.createRun.run.id;
  await clinic.did(
    'data-scientist',
    `mutation { logRunArtifact(input: { runId: "${runId}", path: "rows.csv", base64: "aGVhbHRo" }) { artifact { path } } }`,
  );

  const people = new Map<string, Workspace>();
  for (const zone of zones) {
    const tokens = new Map<Role, string>();
    const principals = new Map<Role, string>();
    for (const role of ['feature-engineer', 'data-scientist'] as const) {
      const hired = await platform.hire(role, clinic.id, zone);
      tokens.set(role, hired.token);
      principals.set(role, hired.id);
    }
    people.set(zone, { id: clinic.id, tokens, principals });
  }

  // biome-ignore lint/suspicious/noExplicitAny: answers of queries written here.
  const doors: Record<string, [Role, string, (data: any) => unknown]> = {
    sampleRows: [
      'feature-engineer',
      `{ dataSource(id: "${clinic.sourceId}") { name sampleRows(first: 1) { cells { value } } } }`,
      (data) => data.dataSource.sampleRows,
    ],
    statistics: [
      'feature-engineer',
      `{ featureView(id: "${clinic.featureViewId}") { name statistics { count min max } } }`,
      (data) => data.featureView.statistics[0].min ?? data.featureView.statistics[0].max,
    ],
    onlineFeatures: [
      'feature-engineer',
      `{ onlineFeatures(input: { featureServiceId: "${clinic.featureServiceId}", entityRows: [{ patient: "p1" }], at: "2026-01-26T00:00:00Z" }) { values { number } } }`,
      (data) => data.onlineFeatures?.[0].values[0].number,
    ],
    predict: ['data-scientist', PREDICT, (data) => data.predict],
    inferenceRecord: [
      'data-scientist',
      `{ inferenceRecord(id: "${predict.inferenceId}") { variant inputs features outputs } }`,
      ({ inferenceRecord: { inputs, features, outputs } }) => inputs ?? features ?? outputs,
    ],
    inferenceRecords: [
      'data-scientist',
      `{ endpoint(id: "${endpoint.id}") { inferenceRecords(first: 50) { edges { node { variant outputs } } } } }`,
      (data) =>
        data.endpoint.inferenceRecords.edges.find(({ node }: { node: { outputs: unknown } }) => node.outputs) ?? null,
    ],
    runArtifact: [
      'data-scientist',
      `{ runArtifact(runId: "${runId}", path: "rows.csv") { base64 } }`,
      (data) => data.runArtifact?.base64,
    ],
  };
  const ask = (zone: string, role: Role, query: string) =>
    platform.ask(role, query, { from: people.get(zone) as Workspace });
  const overHttp = (zone: string) =>
    platform.send('/v2/models/readers/infer', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...platform.headers('data-scientist', { from: people.get(zone) as Workspace }),
      },
      body: JSON.stringify({ inputs: [{ name: 'features', datatype: 'FP32', shape: [1, 1], data: [120] }] }),
    });

  return {
    async openTo(zone) {
      const found: Record<string, 'SHOWN' | 'READER_ABROAD'> = {};
      for (const [door, [role, query, values]] of Object.entries(doors)) {
        const answer = await ask(zone, role, query);
        const shown = answer.data && values(answer.data);
        if (shown !== null && shown !== undefined) {
          if (answer.errors.length > 0) throw new Error(`${door}: ${answer.text}`);
          found[door] = 'SHOWN';
        } else if (
          answer.details.reason === 'READER_ABROAD' ||
          answer.masked.some(({ reason }) => reason === 'READER_ABROAD')
        )
          found[door] = 'READER_ABROAD';
        else throw new Error(`${door} shows nothing and does not say why: ${answer.text}`);
      }
      const { status, text } = await overHttp(zone);
      if (status !== 200 && !(status === 403 && text.includes('somebody who works in')))
        throw new Error(`/v2: ${status} ${text}`);
      return { ...found, '/v2': status === 200 ? 'SHOWN' : 'READER_ABROAD' };
    },
    async move(hiredIn, to) {
      for (const id of people.get(hiredIn)?.principals.values() ?? [])
        await clinic.did(
          'administrator',
          `mutation { relocatePrincipal(input: { principalId: "${id}", zone: "${to}", reason: "posted there" }) { principal { zone } } }`,
        );
    },
    refusal: (zone) => ask(zone, 'data-scientist', PREDICT),
  };
}
