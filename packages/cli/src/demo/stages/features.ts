import {
  BuildFeatureViewDocument,
  CreateEntityDocument,
  CreateFeatureServiceDocument,
  CreateFeatureViewDocument,
} from '@falaj/client';
import { featureViews, requestFeatures, serviceKeys } from '../flight-features.js';
import { need, type Stage } from '../journey.js';

/** Three entities, four views with event time and known time, one service that pins their versions. */
export const features: Stage = {
  title: 'feature views',
  async run(journey) {
    const { client } = need(journey.actors, 'engineer');
    const entityIds = new Map<string, string>();
    for (const input of [
      { name: 'airport', description: 'An airport by its IATA code.', keys: ['iata'] },
      { name: 'route', description: 'A pair of airports.', keys: ['origin', 'destination'] },
      { name: 'network', description: 'The whole network, as one entity.', keys: ['network'] },
    ]) {
      const { createEntity } = await client.data(CreateEntityDocument, { input });
      entityIds.set(input.name, need(createEntity, 'entity').id);
    }
    let rows = 0;
    const viewIds: string[] = [];
    for (const { entity, ...view } of featureViews) {
      journey.progress(view.name);
      const { createFeatureView } = await client.data(CreateFeatureViewDocument, {
        input: { ...view, entityId: entityIds.get(entity) ?? '', sourceId: need(journey.ids, 'flights') },
      });
      const id = need(createFeatureView, 'featureView').id;
      const { buildFeatureView } = await client.data(BuildFeatureViewDocument, { id });
      rows += need(buildFeatureView, 'featureView').rows ?? 0;
      viewIds.push(id);
    }
    journey.ids.featureViews = viewIds;
    const { createFeatureService } = await client.data(CreateFeatureServiceDocument, {
      input: {
        name: 'flight_delay',
        description: 'What is known of network, airports and route when a flight is due to leave.',
        views: featureViews.map((view, place) => ({
          featureViewId: viewIds[place] ?? '',
          keys: serviceKeys[view.name] ?? [],
        })),
        requestFeatures,
      },
    });
    journey.ids.featureServiceId = need(createFeatureService, 'featureService').id;
    return `${featureViews.length} views, ${rows} feature rows`;
  },
};
