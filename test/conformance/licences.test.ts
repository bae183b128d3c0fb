// The licence policy holds the bill of materials as npm writes it, and would find what it is there to find.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = new URL('../..', import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), 'falaj-sbom-'));
const whole = join(directory, 'whole.json');

interface Component {
  'bom-ref': string;
  licenses?: unknown[];
}
interface Bill {
  bomFormat: string;
  components: Component[];
  dependencies: { ref: string; dependsOn?: string[] }[];
}

beforeAll(() => {
  const { stdout } = spawnSync('npm', ['sbom', '--sbom-format', 'cyclonedx'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  writeFileSync(whole, stdout);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function judge(change: (bill: Bill) => void): { status: number | null; stderr: string } {
  const bill = JSON.parse(readFileSync(whole, 'utf8')) as Bill;
  change(bill);
  const file = join(directory, 'judged.json');
  writeFileSync(file, JSON.stringify(bill));
  const { status, stderr } = spawnSync(process.execPath, ['scripts/sbom.mjs', '--from', file], {
    cwd: root,
    encoding: 'utf8',
  });
  return { status, stderr };
}

const licensed = (bill: Bill, prefix: string, licenses: unknown[] | undefined): void => {
  const component = bill.components.find((one) => one['bom-ref'].startsWith(prefix));
  if (!component) throw new Error(`${prefix} is no component`);
  if (licenses) component.licenses = licenses;
  else delete component.licenses;
};

it('allows what is there', () => {
  expect(judge(({ bomFormat }) => expect(bomFormat).toBe('CycloneDX'))).toEqual({ status: 0, stderr: '' });
});

it.each<[string, string, unknown[] | undefined, RegExp]>([
  ['a copyleft package of the product', 'fastify@', [{ license: { id: 'AGPL-3.0-only' } }], /fastify@.*AGPL-3\.0-only/],
  ['a copyleft tool', 'vitest@', [{ license: { id: 'GPL-3.0-only' } }], /vitest@.*not shipped.*GPL-3\.0-only/],
  ['a package without a licence', 'graphql@', undefined, /graphql@.*no licence/],
  ['a benchmark’s licence in the product', 'pg@', [{ license: { id: 'Elastic-2.0' } }], /pg@.*Elastic-2\.0/],
  ['a choice of none that is allowed', 'pino@', [{ expression: '(GPL-2.0-only OR SSPL-1.0)' }], /pino@/],
  ['both of two, one of them not allowed', 'pino@', [{ expression: 'MIT AND GPL-2.0-only' }], /pino@/],
])('refuses %s', (_name, prefix, licenses, said) => {
  const { status, stderr } = judge((bill) => licensed(bill, prefix, licenses));
  expect(status).toBe(1);
  expect(stderr).toMatch(said);
});

it('refuses a bill that is not whole', () => {
  const { status, stderr } = judge((bill) => {
    bill.dependencies = [];
  });
  expect({ status, whole: /not whole/.test(stderr) }).toEqual({ status: 1, whole: true });
});
