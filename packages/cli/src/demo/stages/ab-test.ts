import {
  AbTestResultDocument,
  CreateAbTestDocument,
  PlanAbTestDocument,
  RecordAbOutcomesDocument,
  StageRevisionDocument,
  StopAbTestDocument,
} from '@falaj/client';
import { type Answered, flightsBetween, isLate, predictEach, replayDays } from '../flight-replay.js';
import { need, type Stage } from '../journey.js';
import { ENDPOINT } from './pipeline.js';

const METRIC = { outcome: 'squared_error', kind: 'MEAN', better: 'DECREASE' } as const;
/** Within it the platform has written down who was exposed. */
const SETTLE_MS = 1_500;

/** February through both models, nine to one, each day with what was known at its midnight; then what it proves. */
export const abTest: Stage = {
  title: 'February, 90/10',
  async run(journey) {
    const approver = need(journey.actors, 'approver').client;
    const endpointId = need(journey.ids, 'replayEndpointId');
    const { stageRevision } = await approver.data(StageRevisionDocument, {
      input: { endpointId, modelVersionId: need(journey.ids, 'challengerVersionId') },
    });
    const effect = { minimumEffect: 0.06, power: 0.8, alpha: 0.05, method: 'ALWAYS_VALID' } as const;
    const plan = await approver.data(PlanAbTestDocument, {
      input: { ...effect, kind: 'MEAN', baseline: 0.16, deviation: 0.3, treatmentShare: 0.1 },
    });
    const { createAbTest } = await approver.data(CreateAbTestDocument, {
      input: {
        ...effect,
        endpointId,
        name: 'network against boosted trees',
        variants: [
          { name: 'boosted', revision: 1, weight: 9_000 },
          { name: 'network', revision: stageRevision.revision, weight: 1_000 },
        ],
        control: 'boosted',
        metric: METRIC,
        horizon: need(plan, 'planAbTest').total,
      },
    });
    const abTestId = need(createAbTest, 'abTest').id;

    const flights = flightsBetween('2001/02/01', '2001/03/01');
    const answered: Answered[] = [];
    const days = await replayDays(journey, flights, async (ofDay) => {
      answered.push(...(await predictEach(journey, ENDPOINT, ofDay)));
    });
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    await approver.data(RecordAbOutcomesDocument, {
      input: {
        endpointId,
        outcomes: answered.map(({ subject, flight, score }) => ({
          subject,
          metric: METRIC.outcome,
          value: (score - (isLate(flight) ? 1 : 0)) ** 2,
          key: subject,
        })),
      },
    });
    await approver.data(StopAbTestDocument, {
      input: { abTestId, decision: 'KEEP', override: false, reason: 'February is over.' },
    });
    const ended = await approver.data(AbTestResultDocument, { id: abTestId });
    const result = need(need(ended, 'abTest'), 'result');
    const [first] = result.comparisons ?? [];
    const arms = result.variants?.map(({ name, subjects, mean }) => `${name} ${mean?.toFixed(4)} (${subjects})`);
    return (
      `${answered.length} flights of ${days} days; Brier ${arms?.join(', ')}; ${result.verdict}: difference ` +
      `${first?.difference?.toFixed(4)} [${first?.lower?.toFixed(4)}, ${first?.upper?.toFixed(4)}] at any look, ` +
      `sample ratio p = ${result.sampleRatio?.pValue?.toFixed(2)}`
    );
  },
};
