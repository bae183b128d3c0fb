// Platforms on which the whole journey was done. It is done once per run of the tests; every platform of them starts on a
// copy of that data directory, so that each has everything to itself.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@falaj/client';
import { issueTokens } from './platform-people.js';
import { operatorTokenOf, type Processes, programsOn, startWhole } from './platform-processes.js';
import { type Journey, journeyOn, until } from './platform-requests.js';
import { type Exchange, recordExchanges } from './recorded-exchanges.js';

/** What is left of an actor of the journey on disk: tokens and clients are made anew. */
type Actors = Record<string, { readonly name: string; readonly principalId: string }>;
interface Kept {
  readonly label: string;
  readonly ids: Journey['ids'];
  readonly actors: Actors;
  readonly exchanges: readonly Exchange[];
}

export interface AfterJourney<P extends Processes = Processes> {
  readonly processes: P;
  readonly journey: Journey;
  /** A token of the platform administrator. */
  readonly operator: string;
  /** What the journey asked when it was done, and what it was answered. */
  readonly exchanges: readonly Exchange[];
}

/** Longer than making it takes. */
const MADE_WITHIN_MS = 150_000;

/** A platform in one process on which the journey (without its month of traffic) was done; its people have fresh tokens. */
export const startAfterJourney = (dataDirectory: string): Promise<AfterJourney> =>
  continueJourney(dataDirectory, startWhole);

/** The same on processes as `start` starts them. */
export async function continueJourney<P extends Processes>(
  dataDirectory: string,
  start: (dataDirectory: string) => Promise<P>,
): Promise<AfterJourney<P>> {
  const made = await template();
  mkdirSync(dataDirectory, { recursive: true });
  // With owners and modes: the database refuses a folder that is open to others.
  execFileSync('cp', ['-a', `${join(made, 'data')}/.`, dataDirectory]);
  const { label, ids, actors, exchanges } = JSON.parse(readFileSync(join(made, 'journey.json'), 'utf8')) as Kept;
  const processes = await start(dataDirectory);
  try {
    const operator = await operatorTokenOf(dataDirectory);
    const workspace = ids.workspaceId ?? '';
    const at = { url: processes.url, operator, workspace };
    const people = Object.entries(actors);
    const tokens = await issueTokens(
      at,
      people.map(([, { principalId }]) => principalId),
    );
    const back = people.map(([actor, person], place) => {
      const token = tokens[place] ?? '';
      return [actor, { ...person, token, client: createClient({ url: processes.url, token, workspace }) }] as const;
    });
    return { processes, journey: { label, ids, actors: Object.fromEntries(back) }, operator, exchanges };
  } catch (error) {
    await processes.stop();
    throw error;
  }
}

/** The folder of the template, made by whichever test process comes first; the others wait for it. */
async function template(): Promise<string> {
  const folder = process.env.FALAJ_TEST_FOLDER;
  if (!folder) throw new Error('FALAJ_TEST_FOLDER names no folder: this run of tests was not set up.');
  const made = join(folder, 'journey');
  const deadline = Date.now() + MADE_WITHIN_MS;
  while (!existsSync(made)) {
    const making = join(folder, 'making-journey');
    if (take(making)) await make(making, made);
    else if (Date.now() > deadline)
      throw new Error(`The journey of ${making} was not made within ${MADE_WITHIN_MS} ms.`);
    else await sleep(100);
  }
  return made;
}

function take(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function make(making: string, made: string): Promise<void> {
  try {
    const dataDirectory = join(making, 'data');
    const platform = await startWhole(dataDirectory);
    try {
      const { result, exchanges } = await recordExchanges(() => journeyOn(platform));
      const { label, ids, actors } = result;
      const kept = Object.entries(actors).map(([actor, { name, principalId }]) => [actor, { name, principalId }]);
      const journey: Kept = { label, ids, actors: Object.fromEntries(kept), exchanges };
      writeFileSync(join(making, 'journey.json'), JSON.stringify(journey), { mode: 0o600 });
    } finally {
      await platform.stop();
    }
    // Whatever still runs there might write.
    await until(async () => programsOn(dataDirectory).length === 0, 30_000, 'the database of the journey stops');
    renameSync(making, made);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    throw error;
  }
}
