import { CreateTrainingSetDocument } from '@falaj/client';
import { label, scheduledTime } from '../flight-features.js';
import { need, type Stage } from '../journey.js';

/** The point-in-time join, twice: the same request gives the same digest. */
export const trainingSet: Stage = {
  title: 'training set',
  async run(journey) {
    const { client } = need(journey.actors, 'scientist');
    const create = async (name: string) => {
      const { createTrainingSet } = await client.data(CreateTrainingSetDocument, {
        input: {
          name,
          featureServiceId: need(journey.ids, 'featureServiceId'),
          labelSourceId: need(journey.ids, 'flights'),
          eventTime: scheduledTime,
          carry: ['origin', 'destination'],
          label,
        },
      });
      return need(createTrainingSet, 'trainingSet');
    };
    const first = await create('flight_delays');
    const again = await create('flight_delays_again');
    if (first.digest !== again.digest) throw new Error(`The same request gave ${first.digest} and ${again.digest}.`);
    journey.ids.trainingSetId = first.id;
    journey.ids.trainingSetDigest = first.digest ?? '';
    const columns = first.columns?.filter((column) => column.role === 'FEATURE').length ?? 0;
    return `${first.rows} rows x ${columns} features, ${first.digest?.slice(0, 19)}…, twice the same`;
  },
};
