import { LineageDocument, type LineageQuery } from '@falaj/client';
import { need, type Stage } from '../journey.js';

/** One query over all five subgraphs. */
export const lineage: Stage = {
  title: 'lineage in one query',
  async run(journey) {
    const [featureViewId] = need(journey.ids, 'featureViews');
    const { featureView } = await need(journey.actors, 'scientist').client.data(LineageDocument, {
      featureViewId: featureViewId ?? '',
    });
    const sets = featureView?.trainingSets?.edges?.map((edge) => edge.node) ?? [];
    const set = sets.find((candidate) => served(candidate) !== undefined);
    const run = set?.runs?.edges?.[0]?.node;
    const version = run?.modelVersions?.edges?.[0]?.node;
    const endpoint = served(set);
    const trail = endpoint?.auditTrail?.edges?.[0]?.node;
    const path = [
      `${featureView?.name} v${featureView?.version}`,
      set?.name,
      run?.name,
      [`v${version?.version}`, ...(version?.aliases ?? []).map((alias) => `(${alias})`)].join(' '),
      endpoint?.name,
      trail?.action,
    ];
    if (path.some((step) => !step)) throw new Error(`The lineage breaks off: ${path.join(' -> ')}`);
    return path.join(' -> ');
  },
};

type TrainingSet = NonNullable<NonNullable<LineageQuery['featureView']>['trainingSets']>['edges'][number]['node'];

/** The endpoint at the end of a set's first branch, where it goes that far. */
const served = (set: TrainingSet | undefined) =>
  set?.runs?.edges?.[0]?.node?.modelVersions?.edges?.[0]?.node?.endpoints?.edges?.[0]?.node;
