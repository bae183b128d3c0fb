// Runs the named fault programs, or all, from one printed seed: what failed once can be made to fail again.
import { randomInt } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** How often the promise held under the injected fault, and how often not. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
}

const here = new URL('./', import.meta.url);
const known = readdirSync(here)
  .filter((file) => file.endsWith('.js') && file !== 'run.js')
  .map((file) => file.slice(0, -3))
  .sort();

async function runAll(names: readonly string[], seed: number): Promise<Outcome> {
  let passed = 0;
  let failed = 0;
  for (const name of names) {
    process.stdout.write(`faults ${name} seed ${seed}\n`);
    try {
      const { run } = (await import(new URL(`${name}.js`, here).href)) as { run: (seed: number) => Promise<Outcome> };
      const outcome = await run(seed);
      passed += outcome.passed;
      failed += outcome.failed;
    } catch (error) {
      process.stderr.write(`${name} broke: ${error instanceof Error ? error.stack : String(error)}\n`);
      failed += 1;
    }
  }
  return { passed, failed };
}

function parsed(): { names: readonly string[]; seed: number } | string {
  const { values, positionals } = parseArgs({ options: { seed: { type: 'string' } }, allowPositionals: true });
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) return `--seed ${values.seed}: a whole number of 0 or more is needed.`;
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0) return `No fault program is called ${unknown.join(', ')}; there are ${known.join(', ')}.`;
  return { names: positionals.length > 0 ? positionals : known, seed };
}

const asked = parsed();
if (typeof asked === 'string') process.stderr.write(`${asked}\n`);
const { passed, failed } = typeof asked === 'string' ? { passed: 0, failed: 1 } : await runAll(asked.names, asked.seed);
process.exitCode = failed === 0 ? 0 : 1;
process.stdout.write(`${passed} passed, ${failed} failed\n`);
