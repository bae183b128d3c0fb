import { createClient } from '@falaj/client';
import { operatorToken } from '@falaj/identity';
import colors from 'picocolors';
import type { ResolvedConfig } from '../config.js';
import { everything } from '../platform/roles.js';
import { startPlatform } from '../platform/start-platform.js';
import { stopOnSignal } from '../stop-on-signal.js';
import type { Journey } from './journey.js';
import { runStages } from './progress.js';
import { queriesWorthTrying } from './queries.js';
import { badVariant } from './stages/bad-variant.js';
import { compliance } from './stages/compliance.js';
import { deployment } from './stages/deployment.js';
import { features } from './stages/features.js';
import { guard } from './stages/guard.js';
import { identities } from './stages/identities.js';
import { lineage } from './stages/lineage.js';
import { pipeline } from './stages/pipeline.js';
import { registration } from './stages/registration.js';
import { replay } from './stages/replay.js';
import { shift } from './stages/shift.js';
import { sources } from './stages/sources.js';
import { training } from './stages/training.js';
import { trainingSet } from './stages/training-set.js';
import { verdict } from './stages/verdict.js';

const stages = {
  identities,
  sources,
  features,
  trainingSet,
  training,
  registration,
  pipeline,
  replay,
  verdict,
  badVariant,
  shift,
  deployment,
  guard,
  lineage,
  compliance,
};
type StageName = keyof typeof stages;

/** The month of traffic in between, which nothing after it builds on: a test may leave it out. */
export const february: readonly StageName[] = ['pipeline', 'replay', 'verdict', 'badVariant', 'shift'];

export async function runDemo(config: ResolvedConfig, options: { readonly exit: boolean }): Promise<void> {
  const started = performance.now();
  const platform = await startPlatform(config, everything, () => {});
  process.stdout.write(
    `${colors.green('✓')} platform ready at ${platform.url} ${colors.dim(`(${((performance.now() - started) / 1000).toFixed(1)} s)`)}\n`,
  );
  try {
    const { token } = await operatorToken(platform.database, platform.identity.issuer, {
      principal: platform.administratorId,
    });
    const journey = await runJourney(platform.url, token, platform.dataDirectory.landing);
    process.stdout.write(`\nThe journey took ${((performance.now() - started) / 1000).toFixed(1)} s.\n`);
    if (!options.exit) describe(platform.url, journey);
  } catch (error) {
    await platform.close();
    throw error;
  }
  if (!options.exit) return stopOnSignal(() => platform.close());
  await platform.close();
  process.exit(0);
}

/** Runs every stage, or the first ones up to `last` without some, against the gateway at `url`, as any client would. */
export async function runJourney(
  url: string,
  token: string,
  landing: string,
  { last = 'compliance', without = [] }: { readonly last?: StageName; readonly without?: readonly StageName[] } = {},
): Promise<Pick<Journey, 'label' | 'ids' | 'actors'>> {
  const connect: Journey['connect'] = (given) => createClient({ url, ...given });
  const journey = {
    url,
    label: Date.now().toString(36),
    landing,
    connect,
    operator: connect({ token }),
    operatorToken: token,
    actors: {},
    ids: {},
  };
  const names = Object.keys(stages) as StageName[];
  const wanted = names.slice(0, names.indexOf(last) + 1).filter((name) => !without.includes(name));
  await runStages(
    wanted.map((name) => stages[name]),
    journey,
  );
  return journey;
}

function describe(url: string, { ids, actors }: Pick<Journey, 'ids' | 'actors'>): void {
  process.stdout.write(`
${colors.bold('Explore')}   ${url}/graphiql
${colors.bold('Sign in')}   npm run falaj --silent -- token --as <id>        prints a token, good for ten minutes
          headers: {"authorization": "Bearer <token>", "x-falaj-workspace": "${ids.workspaceId}"}
${Object.values(actors)
  .map(({ name, principalId }) => `          ${principalId}  ${name}`)
  .join('\n')}

${colors.bold('Five queries worth trying')}
${queriesWorthTrying(ids)
  .map(({ title, query }, place) => `\n${colors.cyan(`${place + 1}. ${title}`)}\n${query}`)
  .join('\n')}

Ctrl-C stops the platform; the data stays.
`);
}
