// The software bill of materials (CycloneDX, as npm writes it) of what is shipped, held to the licence policy:
// `npm run sbom` writes dist/falaj.cdx.json, and for each plugin dist/bom.cdx.json in its folder, which its package holds;
// with `--check` nothing is written; `--from FILE` judges a given one.
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

const OUTPUT = 'dist/falaj.cdx.json';

/** SPDX ids that ask for no more than notice. */
const SHIPPED = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
];
/** Beside them for what builds, tests and measures, and is never handed on: Elastic-2.0 is the gateway that benchmarks run beside. */
const NOT_SHIPPED = [...SHIPPED, 'CC-BY-4.0', 'Elastic-2.0', 'MPL-2.0'];

const { values: options } = parseArgs({ options: { check: { type: 'boolean' }, from: { type: 'string' } } });

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function written() {
  if (options.from) return JSON.parse(readFileSync(options.from, 'utf8'));
  const npm = spawnSync('npm', ['sbom', '--sbom-format', 'cyclonedx'], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (npm.status !== 0) fail(`npm sbom failed: ${npm.stderr}`);
  const sbom = JSON.parse(npm.stdout);
  return { ...sbom, components: sbom.components.map(named) };
}

/** npm calls a workspace by its folder. */
const named = (component) => ({ ...component, name: component['bom-ref'].replace(/@[^@]+$/, '') });

const has = (component, property) => component.properties?.some(({ name }) => name === `cdx:npm:package:${property}`);

const isOurs = (ref) => ref.startsWith('@falaj/') && !ref.startsWith('@falaj/test@');

/** What these need when they run, all the way down, and they themselves; `test` is no part of the product. */
function neededBy(start, { components, dependencies }) {
  const byRef = new Map(components.map((component) => [component['bom-ref'], component]));
  const needs = new Map(dependencies.map(({ ref, dependsOn = [] }) => [ref, dependsOn]));
  const open = [...start];
  const found = new Set();
  for (let ref = open.pop(); ref !== undefined; ref = open.pop()) {
    const component = byRef.get(ref);
    if (found.has(ref) || !component || has(component, 'development') || ref.startsWith('@falaj/test@')) continue;
    found.add(ref);
    open.push(...(needs.get(ref) ?? []));
  }
  return found;
}

/** An SPDX expression without nesting: one of `OR`, all of `AND`. Anything else allows nothing. */
function allows(allowed, expression) {
  const plain = expression.replace(/^\((.*)\)$/, '$1');
  if (/[()]/.test(plain) || (plain.includes(' OR ') && plain.includes(' AND '))) return false;
  if (plain.includes(' OR ')) return plain.split(' OR ').some((id) => allowed.includes(id));
  return plain.split(' AND ').every((id) => allowed.includes(id));
}

const licencesOf = ({ licenses = [] }) =>
  licenses.map(({ license, expression }) => expression ?? license?.id ?? license?.name ?? 'unknown');

/** The part of a bill of materials that is about these components, of `subject` if there is one. */
const partOf = (sbom, refs, subject = sbom.metadata.component) => ({
  ...sbom,
  serialNumber: `urn:uuid:${randomUUID()}`,
  metadata: { ...sbom.metadata, component: subject },
  components: sbom.components.filter((component) => refs.has(component['bom-ref']) && component !== subject),
  dependencies: sbom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) })),
});

function write(path, bill) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(bill, null, 2)}\n`);
  process.stdout.write(`${path}: ${bill.components.length} components\n`);
}

function writePlugins(sbom) {
  for (const manifest of globSync('plugins/*/package.json').sort()) {
    const { name, version } = JSON.parse(readFileSync(manifest, 'utf8'));
    const plugin = sbom.components.find((component) => component['bom-ref'] === `${name}@${version}`);
    if (!plugin) fail(`${name} is missing in the bill of materials.`);
    const refs = neededBy([plugin['bom-ref']], sbom);
    write(join(dirname(manifest), 'dist/bom.cdx.json'), partOf(sbom, refs, plugin));
  }
}

const sbom = written();
const shipped = neededBy(sbom.components.map((component) => component['bom-ref']).filter(isOurs), sbom);
if (shipped.size < 100) fail(`Only ${shipped.size} shipped components were found: the bill of materials is not whole.`);
const refused = sbom.components.flatMap((component) => {
  const ref = component['bom-ref'];
  const allowed = shipped.has(ref) ? SHIPPED : NOT_SHIPPED;
  const found = licencesOf(component);
  if (found.length > 0 && found.every((licence) => allows(allowed, licence))) return [];
  return [
    `${ref}${shipped.has(ref) ? '' : ' (not shipped)'}: found ${found.join(', ') || 'no licence'}; allowed are ${allowed.join(', ')}.`,
  ];
});
if (refused.length > 0) fail(`Licences that the policy does not allow:\n${refused.join('\n')}`);
if (!options.check && !options.from) {
  write(OUTPUT, partOf(sbom, shipped));
  writePlugins(sbom);
}
process.stdout.write(
  `${sbom.components.length} components, ${shipped.size} of them shipped; every licence is allowed.\n`,
);
