import { LineageDocument } from '@falaj/client';
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
    const set = sets.find((candidate) => (candidate?.runs?.edges?.length ?? 0) > 0);
    const run = set?.runs?.edges?.[0]?.node;
    const version = run?.modelVersions?.edges?.[0]?.node;
    const endpoint = version?.endpoints?.edges?.[0]?.node;
    const trail = endpoint?.auditTrail?.edges?.[0]?.node;
    const path = [
      `${featureView?.name} v${featureView?.version}`,
      set?.name,
      run?.name,
      `v${version?.version} (${version?.aliases?.join()})`,
      endpoint?.name,
      trail?.action,
    ];
    if (path.some((step) => !step)) throw new Error(`The lineage breaks off: ${path.join(' -> ')}`);
    return path.join(' -> ');
  },
};
