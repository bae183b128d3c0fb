// A process that judges monitors until it is killed; every comparison is told to the parent, and waits so many milliseconds.
import { setTimeout as delay } from 'node:timers/promises';
import { openDatabase } from '@falaj/database';
import drift from '@falaj/plugin-drift-statistics';
import { createFakeHost, fakeCall } from '@falaj/plugin-testing';
import { createLogger } from '@falaj/runtime';
import type { Platform } from '@falaj/subgraph-kit';
import { MonitorSweep } from '../store/monitor-sweep.js';

const [url = '', name = '', pause = '0'] = process.argv.slice(2);
const statistics = await drift.open({}, await createFakeHost());
const platform = {
  database: await openDatabase({ url, maxConnections: 4 }),
  log: createLogger('sweep-process'),
  policyVersion: async () => 1,
  graph: { query: async () => ({ openIncident: { created: true, incident: { id: 'inc-killed' } } }) },
  plugins: {
    call: () => fakeCall(),
    get: () => ({
      async compare(...given: Parameters<typeof statistics.compare>) {
        process.send?.('comparing');
        await delay(Number(pause));
        return statistics.compare(...given);
      },
    }),
  },
} as unknown as Platform;
const sweep = new MonitorSweep(platform, name, async () => undefined);
// Never longer than its parent.
process.on('disconnect', () => process.exit());
for (;;) await sweep.look();
