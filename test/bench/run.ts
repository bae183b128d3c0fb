// Runs the named benchmarks, or all, one after the other: two at once would measure each other.
import { readdirSync } from 'node:fs';
import type { Figure } from './figure.js';

const SUFFIX = '.bench.js';
const here = new URL('./', import.meta.url);
const known = readdirSync(here)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length))
  .sort();
const chosen = process.argv.length > 2 ? process.argv.slice(2) : known;
const unknown = chosen.filter((name) => !known.includes(name));

if (unknown.length > 0) {
  process.stderr.write(`No benchmark is called ${unknown.join(', ')}; there are ${known.join(', ')}.\n`);
  process.exitCode = 1;
} else {
  for (const name of chosen) {
    const { run } = (await import(new URL(name + SUFFIX, here).href)) as { run: () => Promise<Figure[]> };
    for (const figure of await run()) {
      const ok = figure.op === '>=' ? figure.value >= figure.bar : figure.value <= figure.bar;
      if (!ok) process.exitCode = 1;
      process.stdout.write(`${line(figure)} ${ok ? 'ok' : 'short'}\n`);
    }
  }
}

function line({ name, value, unit, op, bar }: Figure): string {
  return `bench ${name} ${Number(value.toPrecision(3))} ${unit} bar ${op} ${bar}`;
}
