import type { Kind, Kinds, Plugin } from '@falaj/plugin-sdk';
import { artifactStoreCases } from './artifact-store-cases.js';
import { type Bench, type CaseDefinition, type ConformanceOptions, uniqueName } from './case.js';
import { complianceCases } from './compliance-cases.js';
import { driftCases } from './drift-cases.js';
import { createFakeHost } from './fake-host.js';
import { keysCases } from './keys-cases.js';
import { offlineStoreCases } from './offline-store-cases.js';
import { onlineStoreCases } from './online-store-cases.js';
import { servingCases } from './serving-cases.js';
import { trainerCases } from './trainer-cases.js';

/** A case bound to one plugin: any test runner can run it. */
export interface ConformanceCase {
  readonly id: string;
  readonly kind: Kind;
  readonly title: string;
  readonly needs?: string;
  /** Why it does not apply, or false. */
  readonly skip: string | false;
  /** Rejects with an AssertionError that says what was expected. */
  run(): Promise<void>;
}

const casesOf: { readonly [K in Kind]: readonly CaseDefinition<K>[] } = {
  trainer: trainerCases,
  serving: servingCases,
  compliance: complianceCases,
  'online-store': onlineStoreCases,
  'offline-store': offlineStoreCases,
  'artifact-store': artifactStoreCases,
  keys: keysCases,
  drift: driftCases,
};

/** Every promise of the plugin's contract as a runnable case. */
export function conformance<K extends Kind>(
  plugin: Plugin<K>,
  options: ConformanceOptions = {},
): readonly ConformanceCase[] {
  const definitions = casesOf[plugin.kind] as readonly CaseDefinition<K>[];
  return definitions.map((definition) => ({
    id: definition.id,
    kind: plugin.kind,
    title: definition.title,
    ...(definition.needs === undefined ? {} : { needs: definition.needs }),
    skip:
      definition.needs === undefined || plugin.capabilities.includes(definition.needs)
        ? false
        : `the plugin does not claim "${definition.needs}"`,
    run: () => runCase(plugin, definition, options),
  }));
}

async function runCase<K extends Kind>(
  plugin: Plugin<K>,
  definition: CaseDefinition<K>,
  options: ConformanceOptions,
): Promise<void> {
  const host = await createFakeHost(options.secrets ? { secrets: options.secrets } : {});
  const opened: Kinds[K][] = [];
  const bench: Bench<K> = {
    host,
    options,
    unique: uniqueName(),
    open: async () => {
      const instance = await plugin.open(options.config, host);
      opened.push(instance);
      return instance;
    },
  };
  try {
    await definition.run(bench);
  } finally {
    // A case may have closed it already; a second close must not hide the case's own outcome.
    for (const instance of opened.reverse()) await instance.close().catch(() => {});
    await host.remove();
  }
}
