// The inference log as a user meets it: set, filled by predictions, read by some, labelled, and judged by its labels.
import { person } from '@falaj/subgraph-kit/testing/requests';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { subjectDigest } from '../store/exposures.js';
import { type Deployments, openDeployments } from '../testing/open-deployments.js';
import reference from './fixtures/quality.json' with { type: 'json' };

let world: Deployments;
beforeAll(async () => {
  world = await openDeployments({
    graph: { modelVersion: { trainingSet: { featureViews: [{ name: 'weather', version: 1, categories: ['none'] }] } } },
  });
});
afterAll(() => world?.close());

const approver = person('approver');
const scientist = person('data-scientist');
const viewer = person('viewer');
const auditor = person('auditor');

const SET = `mutation ($input: SetInferenceLogInput!) { setInferenceLog(input: $input) {
  inferenceLog { enabled sampleRate retentionDays classes { column inputClass } counts { written dropped sampledOut } } } }`;
const RECORDS = `query ($filter: InferenceRecordFilter) { endpoint(id: "watched") { inferenceRecords(first: 5, filter: $filter) {
  totalCount pageInfo { hasNextPage endCursor }
  edges { node { id variant modelVersion subject principalId latencyMs rowCount inputs outputs redacted errorCode maskedFields } } } } }`;
const LABEL = `mutation ($input: RecordLabelsInput!) { recordLabels(input: $input) { recorded kept unmatched } }`;
const QUALITY = `query ($id: ID!, $from: DateTime!, $to: DateTime, $bucket: Int!, $by: QualityGrouping!) { endpoint(id: $id) {
  quality(from: $from, to: $to, bucketSeconds: $bucket, by: $by) { modelVersion variant from rows labelled coverage baseRate
    auc brier logLoss accuracy meanAbsoluteError rootMeanSquaredError reason } } }`;

const predict = (features: number[][], who = approver, endpoint = 'watched') =>
  world.ask(who, 'query ($input: PredictInput!) { predict(input: $input) { inferenceId outputs { values } } }', {
    input: { endpoint, subject: 'passenger-7', features },
  });
const counts = async (): Promise<{ written: number }> =>
  (await world.ask(approver, '{ endpoint(id: "watched") { inferenceLog { counts { written dropped sampledOut } } } }'))
    .data.endpoint.inferenceLog.counts;
async function written(wanted: number): Promise<void> {
  for (const until = Date.now() + 10_000; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 50)))
    if ((await counts()).written >= wanted) return;
  expect((await counts()).written).toBe(wanted);
}

describe('the log of an endpoint', () => {
  beforeAll(() => world.deploy('watched', [{ slope: 1, shift: 0 }]));

  it('writes nothing down until it is set, and everything from then on, in every process', async () => {
    await predict([[1]]);
    expect(
      (await world.ask(approver, '{ endpoint(id: "watched") { inferenceLog { enabled } } }')).data.endpoint,
    ).toEqual({
      inferenceLog: null,
    });
    const other = await world.process();
    const set = await world.ask(approver, SET, {
      input: { endpointId: 'watched', retentionDays: 7, classes: [{ column: 'features', inputClass: 'sensitive' }] },
    });
    expect(set.message).toBeUndefined();
    expect(set.data.setInferenceLog.inferenceLog).toEqual({
      enabled: true,
      sampleRate: 10_000,
      retentionDays: 7,
      classes: [{ column: 'features', inputClass: 'sensitive' }],
      counts: { written: 0, dropped: 0, sampledOut: 0 },
    });
    for (let n = 0; n < 7; n++) await predict([[n], [n + 1]]);
    await written(7);
    await other.close();
    const { data } = await world.ask(auditor, RECORDS);
    const { totalCount, edges, pageInfo } = data.endpoint.inferenceRecords;
    expect({ totalCount, shown: edges.length, more: pageInfo.hasNextPage }).toEqual({
      totalCount: 7,
      shown: 5,
      more: true,
    });
    expect(edges[0].node).toMatchObject({
      variant: 'live',
      modelVersion: 1,
      subject: expect.stringMatching(/^hmac:/),
      rowCount: 2,
      redacted: ['features'],
      outputs: [{ name: 'probability', shape: [2, 1] }],
      maskedFields: [],
    });
    expect(JSON.stringify(edges)).not.toContain('passenger-7');
    const failed = await world.ask(auditor, RECORDS, { filter: { errorCode: '*' } });
    expect(failed.data.endpoint.inferenceRecords.totalCount).toBe(0);
  });

  it('has its key moved under another version of the key of the zone by the rotation, once', async () => {
    const REWRAP = 'mutation { rewrapInferenceLogKeys(zone: "AE", keyId: "k#2") { rewrapped } }';
    const held = async () => {
      const [row] = await world.rows<{ key: { keyId: string; ciphertext: string } }>(
        sql`select wrapped_key as key from deployments.inference_log where endpoint_id = 'watched'`,
      );
      return row?.key;
    };
    const before = await held();
    expect((await world.ask(approver, REWRAP)).code).toBe('FORBIDDEN');
    const service = person('service', { kind: 'SERVICE' });
    expect((await world.ask(service, REWRAP)).data).toEqual({ rewrapInferenceLogKeys: { rewrapped: 1 } });
    expect((await world.ask(service, REWRAP)).data).toEqual({ rewrapInferenceLogKeys: { rewrapped: 0 } });
    expect(await held()).toEqual({ keyId: 'k#2', ciphertext: before?.ciphertext });
  });

  it('shows contents to those who need them and digests of persons to fewer', async () => {
    const seen = async (who: typeof viewer) =>
      (await world.ask(who, RECORDS)).data.endpoint.inferenceRecords.edges[0].node;
    expect(await seen(scientist)).toMatchObject({
      subject: null,
      maskedFields: expect.arrayContaining(['principalId', 'subject']),
    });
    expect((await seen(scientist)).outputs).not.toBeNull();
    expect(await seen(viewer)).toMatchObject({ outputs: null, inputs: null, subject: null });
  });

  it('is set by those who deploy only, within its limits, and ends at once', async () => {
    const input = { endpointId: 'watched' };
    expect((await world.ask(scientist, SET, { input })).code).toBe('FORBIDDEN');
    expect(await world.ask(approver, SET, { input: { ...input, sampleRate: 0 } })).toMatchObject({
      code: 'BAD_USER_INPUT',
    });
    expect((await world.ask(approver, SET, { input: { ...input, endpointId: 'none' } })).code).toBe('NOT_FOUND');
    await world.ask(approver, SET, { input: { ...input, enabled: false } });
    await predict([[1]]);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(await counts()).toEqual({ written: 7, dropped: 0, sampledOut: 0 });
    await world.ask(approver, SET, { input });
  });

  it('loses no record at an orderly stop', async () => {
    const other = await world.process();
    const before = (await counts()).written;
    for (let n = 0; n < 40; n++)
      await other.ask(approver, 'query ($input: PredictInput!) { predict(input: $input) { inferenceId } }', {
        input: { endpoint: 'watched', features: [[n]] },
      });
    await other.close();
    expect((await counts()).written).toBe(before + 40);
  });
});

describe('a data subject', () => {
  const ERASE = `mutation ($input: EraseInferenceSubjectInput!) { eraseInferenceSubject(input: $input) { keyDestroyed records studyRows } }`;
  const erase = (subject: string, who = person('administrator')) =>
    world.ask(who, ERASE, { input: { subject, zone: 'AE', erasureId: 'era_1' } });
  const about = (subject: string, value: number, asked: Pick<Deployments, 'ask'> = world) =>
    asked.ask(approver, 'query ($input: PredictInput!) { predict(input: $input) { inferenceId } }', {
      input: { endpoint: 'known', subject, features: [[value]] },
    });
  const records = () =>
    world.rows<{ subject: string; inputs: unknown }>(
      sql`select subject, inputs from deployments.inference_record where endpoint_id = 'known' order by at, id`,
    );
  const settled = async (wanted: number) => {
    for (const until = Date.now() + 10_000; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 50)))
      if ((await records()).length >= wanted) break;
    return records();
  };

  it('that was erased is not to be told from a stranger, by no key and no guess; others stay who they were', async () => {
    await world.deploy('known', [{ slope: 1, shift: 0 }]);
    await world.ask(approver, SET, {
      input: { endpointId: 'known', retentionDays: 7, classes: [{ column: 'features', inputClass: 'pii' }] },
    });
    await world.rows(sql`insert into deployments.outcome (workspace_id, zone, endpoint_id, key, subject, metric, value, at)
      values ('w1', 'AE', 'known', 'k', ${subjectDigest('w1', 'amal')}, 'spent', 5, now()) returning 1`);
    for (const subject of ['amal', 'badr', 'amal']) await about(subject, 42);
    const [amal, badr, again] = await settled(3);
    expect(again).toEqual(amal);
    // The same value of two persons is two digests: it links neither to the other.
    expect(badr).not.toEqual(amal);
    expect(JSON.stringify(badr?.inputs)).not.toBe(JSON.stringify(amal?.inputs));

    for (const who of [approver, scientist, auditor, viewer]) expect((await erase('amal', who)).code).toBe('FORBIDDEN');
    const other = await world.process();
    await about('amal', 1, other);
    await settled(4);
    expect((await erase('amal')).data.eraseInferenceSubject).toEqual({ keyDestroyed: true, records: 3, studyRows: 1 });
    expect((await erase('amal')).data.eraseInferenceSubject).toEqual({ keyDestroyed: false, records: 0, studyRows: 0 });
    expect((await erase('nobody')).data.eraseInferenceSubject).toMatchObject({ keyDestroyed: false });

    // Who comes back is new, also to the process that knew the key.
    await about('amal', 42, other);
    await about('badr', 42);
    await other.close();
    const all = await settled(6);
    const later = all.slice(4);
    expect(all.filter(({ subject }) => subject === amal?.subject)).toHaveLength(3);
    expect(later.filter(({ subject }) => subject === badr?.subject)).toEqual([badr]);
    expect(later.some(({ subject }) => subject === amal?.subject)).toBe(false);
    const [outcome] = await world.rows<{ subject: string; value: number }>(
      sql`select subject, value from deployments.outcome where endpoint_id = 'known'`,
    );
    expect(outcome).toEqual({ subject: expect.stringMatching(/^erased:/), value: 5 });
    const trail = await world.rows(
      sql`select details::text as details from audit.record where action = 'eraseInferenceSubject'`,
    );
    expect(JSON.stringify(trail)).not.toContain('amal');
  });
});

describe('labels', () => {
  const label = (labels: object[], who = scientist) =>
    world.ask(who, LABEL, { input: { endpointId: 'watched', labels } });

  it('are joined early, late and corrected; the later known one stands, whatever the order', async () => {
    expect((await label([{ inferenceId: 'not yet there', value: 1 }])).data.recordLabels).toEqual({
      recorded: 1,
      kept: 0,
      unmatched: 1,
    });
    const { data } = await predict([[0.3]]);
    const inferenceId = data.predict.inferenceId;
    await written((await counts()).written + 1);
    const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
    expect((await label([{ inferenceId, value: 0, at: at(2) }])).data.recordLabels).toEqual({
      recorded: 1,
      kept: 0,
      unmatched: 0,
    });
    expect((await label([{ inferenceId, value: 1, at: at(1) }])).data.recordLabels).toMatchObject({
      recorded: 0,
      kept: 1,
    });
    const both = [
      { inferenceId, value: 1, at: at(4) },
      { inferenceId, value: 0, at: at(3) },
    ];
    expect((await label(both)).data.recordLabels).toMatchObject({ recorded: 1, kept: 1 });
    const [row] = await world.rows<{ value: number }>(
      sql`select value from deployments.inference_label where inference_id = ${inferenceId}`,
    );
    expect(row?.value).toBe(1);
  });

  it('are refused from those who may not, and named where they are wrong', async () => {
    expect((await label([{ inferenceId: 'x', value: 1 }], viewer)).code).toBe('FORBIDDEN');
    expect(
      await label([
        { inferenceId: 'x', value: 1 },
        { inferenceId: '', value: 1 },
      ]),
    ).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('labels.1.inferenceId'),
    });
  });
});

describe('quality', () => {
  beforeAll(() => world.deploy('judged', [{ slope: 1, shift: 0 }]));

  it('equals that of scikit-learn by version and day, ties included', async () => {
    const records = reference.rows.map(([day, version, score, label], place) => ({
      id: `ref_${place}`,
      model_version_id: `mv_${version}`,
      model_version: version,
      at: `2026-03-0${day}T10:00:00Z`,
      scores: [score],
      label,
    }));
    await world.test.database.asSystem(async (tx) => {
      for (const day of ['2026-03-01', '2026-03-02'])
        await tx.execute(sql`select deployments.ensure_inference_partition(${day}::date)`);
      const given = sql`json_to_recordset(${JSON.stringify(records)}::json) as given (id text, model_version_id text,
        model_version int, at timestamptz, scores double precision[], label double precision)`;
      await tx.execute(sql`insert into deployments.inference_record (id, workspace_id, zone, endpoint_id, revision,
        model_version_id, model_version, variant, principal_id, at, latency_ms, row_count, inputs, features, scores, redacted)
        select id, 'w1', 'AE', 'judged', model_version, model_version_id, model_version, 'v' || model_version, 'p', at, 1, 1,
          '{}', '[]', scores, '{}' from ${given}`);
      await tx.execute(sql`insert into deployments.inference_label (endpoint_id, inference_id, row_number, workspace_id, zone, value)
        select 'judged', id, 0, 'w1', 'AE', label from ${given} where label is not null`);
    });
    const variables = { id: 'judged', from: '2026-03-01T00:00:00Z', to: '2026-03-03T00:00:00Z', bucket: 86_400 };
    const all = await world.ask(viewer, QUALITY, { ...variables, by: 'VERSION' });
    expect(all.message).toBeUndefined();
    const { data } = all;
    expect(data.endpoint.quality).toHaveLength(reference.expected.length);
    for (const [place, expected] of reference.expected.entries()) {
      const found = data.endpoint.quality[place];
      expect(found).toMatchObject({
        modelVersion: expected.version,
        variant: null,
        rows: expected.rows,
        labelled: expected.labelled,
      });
      for (const name of ['auc', 'brier', 'logLoss', 'accuracy'] as const)
        expect(found[name], `${name} of ${place}`).toBeCloseTo(expected[name], 9);
      expect(found.reason).toBeNull();
    }
    const byVariant = await world.ask(viewer, QUALITY, { ...variables, by: 'VARIANT' });
    expect(byVariant.data.endpoint.quality.map(({ variant }: { variant: string }) => variant)).toEqual([
      'v1',
      'v2',
      'v1',
      'v2',
    ]);
  });

  it('says why a figure is not there', async () => {
    const from = new Date(Date.now() - 3_600_000).toISOString();
    await predict([[2]], approver, 'judged');
    await world.ask(approver, SET, { input: { endpointId: 'judged' } });
    const { data } = await predict([[2], [2], [2], [2], [2]], approver, 'judged');
    const look = async () =>
      (await world.ask(viewer, QUALITY, { id: 'judged', from, bucket: 7_200, by: 'VERSION' })).data.endpoint.quality;
    for (let found = await look(); found.length === 0; found = await look())
      await new Promise((r) => setTimeout(r, 100));
    expect(await look()).toMatchObject([
      { rows: 5, labelled: 0, coverage: 0, auc: null, reason: 'No row has a label yet.' },
    ]);
    const label = (value: number, rows: readonly number[]) =>
      world.ask(scientist, LABEL, {
        input: {
          endpointId: 'judged',
          labels: rows.map((row) => ({ inferenceId: data.predict.inferenceId, row, value })),
        },
      });
    await label(1, [0, 1, 2, 3]);
    const reason = 'Fewer than 5 rows have a label: figures of so few would tell of each.';
    expect(await look()).toMatchObject([
      { rows: 5, labelled: 4, coverage: 0.8, baseRate: null, accuracy: null, brier: null, logLoss: null, reason },
    ]);
    await label(1, [4]);
    expect(await look()).toMatchObject([
      { labelled: 5, auc: null, accuracy: 1, reason: 'All labels are the same: there is no AUC.' },
    ]);
    await label(7.5, [0, 1, 2, 3, 4]);
    const score = 1 / (1 + Math.exp(-2));
    expect(await look()).toMatchObject([
      {
        brier: null,
        meanAbsoluteError: expect.closeTo(7.5 - score, 6),
        rootMeanSquaredError: expect.closeTo(7.5 - score, 6),
      },
    ]);
    expect((await world.ask(viewer, QUALITY, { id: 'judged', from, bucket: 1, by: 'VERSION' })).message).toContain(
      'spans of 1 s',
    );
  });
});
