import { AbTestResultDocument, InferenceQualityDocument, StopAbTestDocument } from '@falaj/client';
import { figure } from '../figure.js';
import { need, type Stage } from '../journey.js';

const HOUR_SECONDS = 3_600;

/** What February proves of the two models, at any look; and how good each was, by the labels that came late. */
export const verdict: Stage = {
  title: 'A/B verdict',
  async run(journey) {
    const approver = need(journey.actors, 'approver').client;
    const abTestId = need(journey.ids, 'abTestId');
    await approver.data(StopAbTestDocument, {
      input: { abTestId, decision: 'KEEP', override: false, reason: 'February is over.' },
    });
    const ended = await approver.data(AbTestResultDocument, { id: abTestId });
    const result = need(need(ended, 'abTest'), 'result');
    const [compared] = result.comparisons ?? [];
    const { endpoint } = await approver.data(InferenceQualityDocument, {
      endpointId: need(journey.ids, 'replayEndpointId'),
      from: need(journey.ids, 'replayFrom'),
      to: need(journey.ids, 'replayTo'),
      bucketSeconds: HOUR_SECONDS,
      by: 'VARIANT',
    });
    const lost = endpoint?.inferenceLog?.counts?.dropped;
    if (lost !== 0) throw new Error(`The inference log lost ${lost} records.`);
    const quality = endpoint?.quality?.map(
      ({ variant, auc, brier }) => `${variant} AUC ${figure(auc)} Brier ${figure(brier)}`,
    );
    return (
      `${result.verdict}: network minus boosted ${figure(compared?.difference)} ` +
      `[${figure(compared?.lower)}, ${figure(compared?.upper)}], p ${figure(compared?.pValue)}, ` +
      `sample ratio p ${figure(result.sampleRatio?.pValue)}; ${quality?.join(', ')}`
    );
  },
};
