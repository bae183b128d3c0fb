// Rewrites package-lock.json: `npm run lock`. A registry that mirrors only part of the platform packages makes npm leave
// the absent ones out, and then `npm ci` refuses the lockfile. They are optional and another platform's: named here with
// their exact version, they are skipped where they do not apply and fetched where they do.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const OS = [
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'aix',
  'win32',
  'windows',
];
const CPU = ['arm64', 'x64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el', 'wasm32', '64'];

const unknown = process.argv.slice(2).filter((argument) => argument !== '--complete');
if (unknown.length > 0) {
  process.stderr.write(`Unknown argument ${unknown[0]}; allowed: --complete.\n`);
  process.exit(1);
}
if (!process.argv.includes('--complete')) {
  // Over the lockfile that is there: written anew beside an installed tree, npm leaves out the integrity of all packages.
  const made = spawnSync('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], { stdio: 'inherit' });
  if (made.status !== 0) process.exit(made.status ?? 1);
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const { packages } = lock;

/** Where Node would find `name` from the package at `path`. */
function resolved(path, name) {
  for (let from = path; ; from = from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/')))) {
    const place = from === '' ? `node_modules/${name}` : `${from}/node_modules/${name}`;
    if (packages[place]) return place;
    if (from === '' || !from.includes('/node_modules/'))
      return packages[`node_modules/${name}`] ? `node_modules/${name}` : undefined;
  }
}

let added = 0;
for (const [path, entry] of Object.entries(packages)) {
  // Addresses of the registry that wrote the lockfile are not everybody's.
  if (String(entry.resolved ?? '').startsWith('http')) delete entry.resolved;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (resolved(path, name) || !/^\d+\.\d+\.\d+\S*$/.test(version)) continue;
    const words = name.split(/[/@_-]/);
    const os = OS.filter((word) => words.includes(word)).map((word) => (word === 'windows' ? 'win32' : word));
    const cpu = CPU.filter((word) => words.includes(word)).map((word) => (word === '64' ? 'x64' : word));
    const place = packages[`node_modules/${name}`] ? `${path}/node_modules/${name}` : `node_modules/${name}`;
    packages[place] = {
      version,
      ...(cpu.length > 0 ? { cpu } : {}),
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      ...(os.length > 0 ? { os } : {}),
    };
    added++;
  }
}
const sorted = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
writeFileSync('package-lock.json', `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`);
process.stdout.write(`package-lock.json: ${Object.keys(sorted).length} packages, ${added} of other platforms added\n`);

// Whatever is fetched must be what was locked; packages of other platforms that the registry does not have bear none.
const unproved = Object.entries(sorted).filter(
  ([path, { integrity, link, optional }]) => path.includes('node_modules/') && !link && !optional && !integrity,
);
if (unproved.length > 0) {
  process.stderr.write(
    `${unproved.length} packages bear no integrity, e.g. ${unproved[0][0]}: take package-lock.json and node_modules back to what is committed, then repeat.\n`,
  );
  process.exitCode = 1;
}
