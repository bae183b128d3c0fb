import type { FeatureViewSpec, SourceRef } from '@falaj/contracts';
import type { Tx } from '@falaj/database';
import { sealedOnlineStore } from '@falaj/subgraph-kit';
import type { FeatureEngine } from '../domain/ports.js';
import type { FeaturesContext } from '../schema/context.js';
import { erasedLookups, erasedSubjects, holdErased } from './erased-subjects.js';

const BATCH = 5_000;

/** The feature engine over the offline store, the online store and the artifact vault of this deployment. */
export function pluginEngine(context: FeaturesContext, zone: string): FeatureEngine<Tx> {
  const { plugins, vault } = context.platform;
  const { subjects } = context.services;
  const { workspaceId } = context.principal;
  const place = { workspaceId, zone };
  const offline = plugins.get('offline-store');
  const call = () => context.pluginCall(zone);
  const online = () => sealedOnlineStore(plugins.get('online-store'), subjects);
  let read: Promise<readonly string[]> | undefined;
  // Once for all that this engine builds: what it was built without is known at the end.
  const lookups = () => {
    read ??= context.transaction((tx) => erasedLookups(tx, place));
    return read;
  };
  const without = async (ofPersons: boolean) => {
    const erased = ofPersons ? await erasedSubjects(subjects, place, await lookups()) : undefined;
    return erased ? { erased } : {};
  };
  const isOfPersons = ({ subjectKey }: FeatureViewSpec) => subjectKey !== undefined;
  return {
    describeSource: (source: SourceRef) => offline.describeSource({ source }, call()),
    async previewSource(source, columns, limit, persons) {
      const { erased } = await without(persons.length > 0);
      return offline.previewSource(
        { source, columns, limit, offset: 0, ...(erased ? { without: { columns: persons, erased } } : {}) },
        call(),
      );
    },
    buildView: async (spec) => offline.buildFeatureView({ spec, ...(await without(isOfPersons(spec))) }, call()),
    buildTrainingSet: async (spec) =>
      offline.buildTrainingSet({ spec, ...(await without(spec.views.some((view) => isOfPersons(view.spec)))) }, call()),
    async *latestRows(spec: FeatureViewSpec, asOf: Date) {
      const left = await without(isOfPersons(spec));
      let afterKey: string | null = null;
      for (;;) {
        const rows = await offline.latestRows({ spec, asOf: asOf.getTime(), afterKey, limit: BATCH, ...left }, call());
        if (rows.length === 0) return;
        yield rows;
        afterKey = rows.at(-1)?.key ?? null;
      }
    },
    async writeOnline(view, rows) {
      if (!view.subject) return online().write({ view, rows }, call());
      const { id: principalId, zones } = context.principal;
      const known = await lookups();
      return context.platform.database.inWorkspace({ workspaceId, zones, principalId }, async (tx) => {
        await holdErased(tx, place, known);
        return online().write({ view, rows }, call());
      });
    },
    readOnline: (requests) => online().read({ requests }, call()),
    storeArtifact: (key, data, contentType) => vault.put({ key, workspaceId, zone, data, contentType }, call()),
    removeArtifact: (key) => vault.remove(key, call()),
    holdErased: async (tx) => holdErased(tx, place, await lookups()),
  };
}
