// A worker in a process of its own, to be killed and stopped: node worker-process.js <database url>. It says what it does.
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase, type Tx } from '@falaj/database';
import { defineWorkflow, type Flow } from '@falaj/runtime';
import { createWorkflowEngine } from '../index.js';
import { writeEffect } from './effects.js';

const say = (text: string): void => {
  process.send?.(text);
};

const relay = defineWorkflow({
  name: 'relay',
  version: 1,
  run: async (flow: Flow<Tx>, { pauseMs }: { pauseMs: number }) => {
    await flow.step('first', () => say(`first ${flow.id}`));
    await flow.commit('once', (tx) => writeEffect(tx, `${flow.id} once`));
    await flow.step('slow', async ({ attempt, signal }) => {
      say(`slow ${flow.id} ${attempt}`);
      await sleep(pauseMs, null, { signal }).catch((error: unknown) => {
        say(`aborted ${flow.id}`);
        throw error;
      });
    });
    await flow.commit('last', (tx) => writeEffect(tx, `${flow.id} last`));
    return process.pid;
  },
});

/** Ignores its signal, as a stuck effect does, and then tries to save. */
const stubborn = defineWorkflow({
  name: 'stubborn',
  version: 1,
  run: async (flow: Flow<Tx>) => {
    await flow.commit('slow commit', async (tx) => {
      say(`commit ${flow.id}`);
      await writeEffect(tx, `${flow.id} by ${process.pid}`);
    });
    await flow.step('hold', async () => {
      say(`hold ${flow.id}`);
      await sleep(1_500);
      return process.pid;
    });
    await flow.commit('save', (tx) => writeEffect(tx, `${flow.id} saved`));
    return process.pid;
  },
});

/** Stands still in the middle of its transaction, which holds the run's row. */
const standing = defineWorkflow({
  name: 'standing',
  version: 1,
  run: async (flow: Flow<Tx>) => {
    await flow.commit('stand', async (tx) => {
      await writeEffect(tx, `${flow.id} by ${process.pid}`);
      say(`stand ${flow.id}`);
      await sleep(1_000);
    });
    return process.pid;
  },
});

/** Writes when it began and ended, for others to count how many ran at once. */
const timed = defineWorkflow({
  name: 'timed',
  version: 1,
  run: async (flow: Flow<Tx>, { holdMs }: { holdMs: number }) => {
    await flow.commit('begin', (tx) => writeEffect(tx, `begin ${flow.id}`));
    await flow.step('hold', () => sleep(holdMs));
    await flow.commit('end', (tx) => writeEffect(tx, `end ${flow.id}`));
  },
});

const [url = '', concurrency = '4'] = process.argv.slice(2);
const database = await openDatabase({ url, applicationName: 'falaj test worker' });
const engine = await createWorkflowEngine({ database });
engine.define(relay);
engine.define(stubborn);
engine.define(standing);
engine.define(timed);
await engine.startWorkers({ concurrency: Number(concurrency) });
say('ready');
process.on('SIGTERM', () => {
  void engine
    .stop()
    .then(() => database.close())
    .finally(() => process.exit(0));
});
process.on('disconnect', () => process.exit(1));
