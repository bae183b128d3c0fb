import {
  CreateAbTestDocument,
  PlanAbTestDocument,
  RecordAbOutcomesDocument,
  RecordLabelsDocument,
  SetInferenceLogDocument,
  StageRevisionDocument,
} from '@falaj/client';
import { type Answered, flightsBetween, isLate, predictEach, replayDays } from '../flight-replay.js';
import { need, type Stage } from '../journey.js';
import { ENDPOINT } from './pipeline.js';

const METRIC = { outcome: 'squared_error', kind: 'MEAN', better: 'DECREASE' } as const;
/** Within it the platform has written down who was exposed and what was answered. */
const SETTLE_MS = 1_500;

/** February through both models, nine to one, each day with what was known at its midnight; what was true comes later. */
export const replay: Stage = {
  title: 'February, 90/10',
  async run(journey) {
    const approver = need(journey.actors, 'approver').client;
    const endpointId = need(journey.ids, 'replayEndpointId');
    await approver.data(SetInferenceLogDocument, { input: { endpointId, retentionDays: 90 } });
    const { stageRevision } = await approver.data(StageRevisionDocument, {
      input: { endpointId, modelVersionId: need(journey.ids, 'challengerVersionId') },
    });
    const effect = { minimumEffect: 0.06, power: 0.8, alpha: 0.05, method: 'ALWAYS_VALID' } as const;
    const plan = await approver.data(PlanAbTestDocument, {
      input: { ...effect, kind: 'MEAN', baseline: 0.16, deviation: 0.3, treatmentShare: 0.1 },
    });
    const horizon = need(plan, 'planAbTest').total;
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
        horizon,
      },
    });
    journey.ids.abTestId = need(createAbTest, 'abTest').id;

    journey.ids.replayFrom = new Date().toISOString();
    const answered: Answered[] = [];
    const days = await replayDays(journey, flightsBetween('2001/02/01', '2001/03/01'), async (ofDay) => {
      answered.push(...(await predictEach(journey, ENDPOINT, ofDay)));
      return 'ON';
    });
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    journey.ids.replayTo = new Date().toISOString();

    const outcomes = answered.map(({ subject, flight, score }) => ({
      subject,
      metric: METRIC.outcome,
      value: (score - (isLate(flight) ? 1 : 0)) ** 2,
      key: subject,
    }));
    await approver.data(RecordAbOutcomesDocument, { input: { endpointId, outcomes } });
    const labels = answered.map(({ inferenceId, flight }) => ({ inferenceId, value: isLate(flight) ? 1 : 0 }));
    const { recordLabels } = await need(journey.actors, 'scientist').client.data(RecordLabelsDocument, {
      input: { endpointId, labels },
    });
    const shares = Map.groupBy(answered, ({ variant }) => variant);
    return (
      `${answered.length} flights of ${days} days by ${[...shares].map(([name, own]) => `${name} ${own.length}`).join(', ')}; ` +
      `${horizon} planned; ${recordLabels.recorded} labels, ${recordLabels.unmatched} without a record`
    );
  },
};
