// A/A tests through the whole way of a real one: subjects assigned by their hash, exposures and outcomes in PostgreSQL, the
// result as the graph gives it, read after every hundred subjects.
import { createTestDatabase, type TestDatabase } from '@falaj/database/testing';
import { deploymentsSubgraph } from '@falaj/subgraph-deployments';
import { abTestResult, bucketOf, Exposures, saveOutcomes, variantOf } from '@falaj/subgraph-deployments/studies';
import { randomFrom } from '../random.js';
import type { Figure } from './figure.js';

const TESTS = 300;
const POWER_TESTS = 50;
const SUBJECTS = 2000;
const STEP = 100;
const CONVERSION = 0.2;
const BETTER_CONVERSION = 0.3;
const WORKSPACE = 'bench';

const variants = [
  { name: 'treatment', revision: 2, weight: 5000 },
  { name: 'control', revision: 1, weight: 5000 },
];
const design = {
  variants,
  control: 'control',
  metric: { outcome: 'converted', kind: 'PROPORTION', better: 'INCREASE' },
  method: 'ALWAYS_VALID',
  horizon: SUBJECTS,
  alpha: 0.05,
  power: 0.8,
  minimumEffect: 0.05,
  guardrails: [],
} as const;

export async function peekThroughStore(): Promise<Figure[]> {
  const test = await createTestDatabase({ migrations: [deploymentsSubgraph().migrations] });
  try {
    const random = randomFrom(4);
    const shares = async (kind: string, tests: number, treatment: number) => {
      const seen = { differing: 0, blocked: 0 };
      for (let number = 0; number < tests; number++) {
        const verdicts = await looks(test, `${kind}-${number}`, random, treatment);
        if (verdicts.has('DIFFERENT')) seen.differing++;
        if (verdicts.has('BLOCKED')) seen.blocked++;
      }
      const [differing, blocked] = [(seen.differing / tests) * 100, (seen.blocked / tests) * 100];
      process.stdout.write(
        `${tests} ${kind} tests in PostgreSQL, ${SUBJECTS / STEP} looks each: ${differing.toFixed(2)} % with a difference at some look, ${blocked.toFixed(2)} % blocked at some look\n`,
      );
      return differing;
    };
    const alike = await shares('aa', TESTS, CONVERSION);
    const better = await shares('ab', POWER_TESTS, BETTER_CONVERSION);
    return [
      {
        name: 'always-valid.false-verdicts-through-store',
        value: alike,
        unit: '%',
        op: '<=',
        bar: design.alpha * 100,
      },
      { name: 'always-valid.power-through-store', value: better, unit: '%', op: '>=', bar: design.power * 100 },
    ];
  } finally {
    await test.close();
  }
}

async function looks(
  { database }: TestDatabase,
  id: string,
  random: () => number,
  treatment: number,
): Promise<ReadonlySet<string>> {
  const endpoint = { id, name: id, workspaceId: WORKSPACE, zone: 'AE' };
  await database.asSystem((tx) =>
    tx.execute(`
      insert into deployments.endpoint (id, workspace_id, zone, name, state, revision, model_version_id, model_name,
        model_version, inputs, outputs, device, compliance, owner_id, owner)
      values ('${id}', '${WORKSPACE}', 'AE', '${id}', 'READY', 1, 'mv', 'm', 1, '[]', '[]', 'cpu', '[]', 'p', 'p')`),
  );
  const exposures = new Exposures(database, { current: () => ({ split: { exposureKey: id, variants } }) as never });
  const verdicts = new Set<string>();
  for (let first = 0; first < SUBJECTS; first += STEP) {
    const subjects = Array.from({ length: STEP }, (_, place) => `subject-${first + place}`);
    const variantFor = (subject: string) => variantOf(variants, bucketOf(id, subject)).name;
    for (const subject of subjects)
      exposures.observe({
        id: `${id}/${subject}`,
        at: Date.now(),
        endpoint,
        role: 'ANSWER',
        subject,
        requestId: null,
        variant: variantFor(subject),
      } as never);
    await exposures.flush();
    const converted = subjects.filter(
      (subject) => random() < (variantFor(subject) === 'treatment' ? treatment : CONVERSION),
    );
    const result = await database.asSystem(async (tx) => {
      await saveOutcomes(
        tx,
        endpoint,
        converted.map((subject) => ({ subject, metric: 'converted', value: 1, key: subject })),
      );
      return abTestResult(tx, { id, endpointId: id, design, stoppedAt: null });
    });
    if (result.verdict === 'BLOCKED') verdicts.add('BLOCKED');
    if (result.comparisons.some(({ verdict }) => verdict === 'BETTER' || verdict === 'WORSE'))
      verdicts.add('DIFFERENT');
  }
  return verdicts;
}
