// Holds the sources of a tree (default: this one) to the rules of .dependency-cruiser.mjs.
// A script of its own because dependency-cruiser reads TypeScript through the compiler's JavaScript API, which
// TypeScript 7 no longer has: without help it finds no module at all and calls that success. It is given the API of
// the TypeScript 6 that test/ installs, and a file that it did not read is an error.
import { globSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compiler = createRequire(join(root, 'test/package.json'));
registerHooks({
  resolve: (specifier, context, next) =>
    /^typescript(\/|$)/.test(specifier) && context.parentURL?.includes('/node_modules/dependency-cruiser/')
      ? { url: pathToFileURL(compiler.resolve(specifier)).href, shortCircuit: true }
      : next(specifier, context),
});
const { cruise } = await import('dependency-cruiser');
const { default: extractTSConfig } = await import('dependency-cruiser/config-utl/extract-ts-config');
const { default: rules } = await import(pathToFileURL(join(root, '.dependency-cruiser.mjs')).href);

const tree = resolve(process.argv[2] ?? root);
const folders = ['gateway', 'packages', 'plugins', 'subgraphs', 'test'];
const unseen = new Set(
  globSync(`{${folders.join(',')}}/**/*.ts`, { cwd: tree, exclude: (path) => /(^|\/)(node_modules|dist)$/.test(path) }),
);

const { enhancedResolveOptions, ...options } = rules.options;
const { output } = await cruise(
  folders,
  { ...options, enhancedResolveOptions, ruleSet: { forbidden: rules.forbidden }, validate: true, baseDir: tree },
  { extensions: enhancedResolveOptions.extensions },
  { tsConfig: extractTSConfig(join(root, rules.options.tsConfig.fileName)) },
);

for (const { source } of output.modules) unseen.delete(source);
for (const { from, to, rule, cycle } of output.summary.violations) {
  const { comment } = rules.forbidden.find(({ name }) => name === rule.name);
  const path = [from, ...(cycle?.map(({ name }) => name) ?? [to])].join(' → ');
  process.stderr.write(`${rule.name}: ${path}\n  ${comment}\n`);
}
for (const path of unseen) process.stderr.write(`not read: ${path}\n`);
process.stdout.write(
  `${output.summary.totalCruised} modules, ${output.summary.totalDependenciesCruised} dependencies, ` +
    `${output.summary.violations.length} violations\n`,
);
process.exitCode = output.summary.violations.length === 0 && unseen.size === 0 ? 0 : 1;
