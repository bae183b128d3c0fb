import type { FeatureViewSpec, SourceRef } from '@falaj/contracts';
import type { SubgraphContext } from '@falaj/subgraph-kit';
import type { FeatureEngine } from '../domain/ports.js';

const BATCH = 5_000;

/** The feature engine over the offline store, the online store and the artifact vault of this deployment. */
export function pluginEngine(context: SubgraphContext, zone: string): FeatureEngine {
  const { plugins, vault } = context.platform;
  const offline = plugins.get('offline-store');
  const call = () => context.pluginCall(zone);
  return {
    describeSource: (source: SourceRef) => offline.describeSource({ source }, call()),
    previewSource: (source, columns, limit) => offline.previewSource({ source, columns, limit, offset: 0 }, call()),
    buildView: (spec) => offline.buildFeatureView({ spec }, call()),
    buildTrainingSet: (spec) => offline.buildTrainingSet({ spec }, call()),
    async *latestRows(spec: FeatureViewSpec, asOf: Date) {
      let afterKey: string | null = null;
      for (;;) {
        const rows = await offline.latestRows({ spec, asOf: asOf.getTime(), afterKey, limit: BATCH }, call());
        if (rows.length === 0) return;
        yield rows;
        afterKey = rows.at(-1)?.key ?? null;
      }
    },
    writeOnline: (view, rows) => plugins.get('online-store').write({ view, rows }, call()),
    readOnline: (requests) => plugins.get('online-store').read({ requests }, call()),
    storeArtifact: (key, data, contentType) =>
      vault.put({ key, workspaceId: context.principal.workspaceId, zone, data, contentType }, call()),
  };
}
