import {
  ApprovePromotionDocument,
  CreateModelDocument,
  CreateModelVersionDocument,
  RequestPromotionDocument,
  SaveModelCardDocument,
} from '@falaj/client';
import { need, type Stage } from '../journey.js';

/** The scientist registers and asks for promotion; gates want a model card; another person approves. */
export const registration: Stage = {
  title: 'registration',
  async run(journey) {
    const scientist = need(journey.actors, 'scientist').client;
    const approver = need(journey.actors, 'approver').client;
    await scientist.data(CreateModelDocument, {
      input: { name: 'flight-delay', description: 'Chance that a flight leaves more than 15 minutes late.' },
    });
    const { createModelVersion } = await scientist.data(CreateModelVersionDocument, {
      input: { modelName: 'flight-delay', runId: need(journey.ids, 'runId') },
    });
    const version = need(createModelVersion, 'modelVersion');
    journey.ids.modelVersionId = version.id;
    journey.ids.modelVersion = version.version ?? 0;

    const wanted = {
      modelVersionId: version.id,
      alias: 'champion',
      reason: 'First version that beats both baselines.',
    };
    const { requestPromotion: refused } = await scientist.data(RequestPromotionDocument, { input: wanted });
    if (refused.__typename !== 'PromotionBlocked') throw new Error(`expected a block, found ${refused.__typename}`);
    await scientist.data(SaveModelCardDocument, {
      input: {
        modelVersionId: version.id,
        intendedUse: 'Ranking departures of the next hours by their chance of delay; no decision about persons.',
        limitations: 'Learned from one winter month of one country; unknown airports get the base rate.',
        owners: ['Network operations'],
      },
    });
    const { requestPromotion: asked } = await scientist.data(RequestPromotionDocument, { input: wanted });
    if (asked.__typename !== 'PromotionPending') throw new Error(`expected to wait, found ${asked.__typename}`);
    const promotionId = need(asked, 'promotion').id;
    journey.ids.promotionId = promotionId;
    const decision = { promotionId, role: 'approver', reason: 'Card and scores read.' };
    const own = await scientist.request(ApprovePromotionDocument, { input: decision });
    const { approvePromotion: done } = await approver.data(ApprovePromotionDocument, { input: decision });
    if (done.__typename !== 'PromotionDone') throw new Error(`expected it done, found ${done.__typename}`);
    const blocked = refused.failed.map((check) => check.checkId).join(', ');
    return `flight-delay v${version.version}, ${version.digest?.slice(0, 19)}…; blocked by ${blocked}, then champion by approval (by the scientist: ${own.errors?.[0]?.extensions.code})`;
  },
};
