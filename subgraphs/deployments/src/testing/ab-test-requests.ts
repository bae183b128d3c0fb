// What tests of A/B tests ask of the graph, as a caller would write it.
import { type Answer, person } from '@falaj/subgraph-kit/testing/requests';
import { bucketOf } from '../domain/rollout/assignment.js';
import type { Deployments, DeploymentsProcess } from './open-deployments.js';

export const approver = person('approver');
export const scientist = person('data-scientist');
export const viewer = person('viewer');

/** Three revisions that differ in how steep they are. */
export const models = [
  { slope: 1, shift: 0 },
  { slope: 1.5, shift: 0 },
  { slope: 2, shift: 0 },
];

const RESULT = `state decision stopReason stoppedAt result { verdict winner reasons subjects variants { name subjects mean }
  comparisons { variant difference lower upper pValue verdict guardrails { outcome status worstHarm margin } }
  sampleRatio { statistic pValue method ok } multipleExposures { subjects share ok } }`;

export const design = (endpointId: string, changes: Record<string, unknown> = {}) => ({
  endpointId,
  name: `test of ${endpointId}`,
  variants: [
    { name: 'treatment', revision: 2, weight: 5000 },
    { name: 'control', revision: 1, weight: 5000 },
  ],
  control: 'control',
  metric: { outcome: 'rebooked', kind: 'PROPORTION' },
  horizon: 400,
  minimumEffect: 0.1,
  ...changes,
});

/** The questions of this file, to one world. */
export function abTestRequests(world: Pick<Deployments, 'ask'>) {
  const create = (input: Record<string, unknown>, who = approver): Promise<Answer> =>
    world.ask(
      who,
      `mutation ($input: CreateAbTestInput!) { createAbTest(input: $input) { abTest { id ${RESULT} } } }`,
      {
        input,
      },
    );
  const outcomes = (endpointId: string, given: readonly Record<string, unknown>[], who = scientist): Promise<Answer> =>
    world.ask(
      who,
      `mutation ($input: RecordAbOutcomesInput!) { recordAbOutcomes(input: $input) { recorded repeated unmatched } }`,
      { input: { endpointId, outcomes: given } },
    );
  return {
    create,
    outcomes,
    async created(input: Record<string, unknown>): Promise<string> {
      const made = await create(input);
      if (made.message) throw new Error(made.message);
      return made.data.createAbTest.abTest.id;
    },
    async recorded(endpointId: string, given: readonly Record<string, unknown>[]) {
      const answer = await outcomes(endpointId, given);
      if (answer.message) throw new Error(answer.message);
      return answer.data.recordAbOutcomes as { recorded: number; repeated: number; unmatched: number };
    },
    stop: (input: Record<string, unknown>, who = approver): Promise<Answer> =>
      world.ask(who, `mutation ($input: StopAbTestInput!) { stopAbTest(input: $input) { abTest { id ${RESULT} } } }`, {
        input: { reason: 'it is over', ...input },
      }),
    async read(id: string, who = viewer) {
      const answer = await world.ask(who, `query ($id: ID!) { abTest(id: $id) { ${RESULT} } }`, { id });
      if (answer.message) throw new Error(answer.message);
      return answer.data.abTest;
    },
    async predict(endpoint: string, subject: string | undefined, at: Pick<DeploymentsProcess, 'ask'> = world) {
      const answer = await at.ask(
        viewer,
        `query ($input: PredictInput!) { predict(input: $input) { variant revision inferenceId } }`,
        { input: { endpoint, features: [[1]], ...(subject ? { subject } : {}) } },
      );
      if (answer.message) throw new Error(answer.message);
      return answer.data.predict as { variant: string; revision: number; inferenceId: string };
    },
  };
}

/** So many subjects of each arm of an even split whose first variant is `first`, as anyone may compute them in advance. */
export function subjectsOf(salt: string, arms: Readonly<Record<string, number>>, prefix = 's') {
  const [first = '', second = ''] = Object.keys(arms);
  const found: Record<string, string[]> = { [first]: [], [second]: [] };
  const missing = (arm: string) => (found[arm]?.length ?? 0) < (arms[arm] ?? 0);
  for (let i = 0; missing(first) || missing(second); i++) {
    const subject = `${prefix}${i}`;
    const arm = bucketOf(salt, subject) < 5000 ? first : second;
    if (missing(arm)) found[arm]?.push(subject);
  }
  return found;
}
