// Reads what a plugin package says about itself before any of its code runs, and agrees on a contract version.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Kind } from '@falaj/contracts';
import { PlatformError } from '@falaj/runtime';
import { isKind, kindContracts } from './kind-contracts.js';

export interface PluginPackage {
  readonly package: string;
  readonly version: string;
  readonly kind: Kind;
  /** The highest version that both sides speak. */
  readonly contract: number;
  /** File URL of the module to import. */
  readonly entry: string;
}

const DEFAULT_CONDITIONS = ['node', 'import', 'default'];

export function readPluginPackage(
  use: string,
  resolveFrom: string,
  conditions: readonly string[] = DEFAULT_CONDITIONS,
): PluginPackage {
  const { folder, manifest } = findManifest(use, resolveFrom);
  const name = typeof manifest.name === 'string' ? manifest.name : use;
  const declared = (manifest.falaj as { plugin?: { kind?: unknown; contract?: unknown } } | undefined)?.plugin;
  if (!declared) {
    throw new PlatformError(
      'PLUGIN_INCOMPATIBLE',
      `"${name}" is no Falaj plugin: its package.json has no "falaj": {"plugin": {"kind", "contract"}}.`,
    );
  }
  if (!isKind(declared.kind)) {
    throw new PlatformError(
      'PLUGIN_INCOMPATIBLE',
      `"${name}" says kind ${JSON.stringify(declared.kind)}; known are ${Object.keys(kindContracts).join(', ')}.`,
    );
  }
  return {
    package: name,
    version: typeof manifest.version === 'string' ? manifest.version : '0.0.0',
    kind: declared.kind,
    contract: negotiate(name, declared.kind, declared.contract),
    entry: pathToFileURL(path.join(folder, entryOf(name, manifest, conditions))).href,
  };
}

function negotiate(name: string, kind: Kind, declared: unknown): number {
  const theirs = Array.isArray(declared) ? declared.filter((version) => Number.isInteger(version)) : [];
  const ours = kindContracts[kind].versions;
  const common = ours.filter((version) => theirs.includes(version));
  if (common.length === 0) {
    throw new PlatformError(
      'PLUGIN_INCOMPATIBLE',
      `"${name}" speaks ${kind} contract [${theirs.join(', ')}], this platform [${ours.join(', ')}]: install a version of it that speaks one of ours.`,
      { details: { package: name, kind, theirs, ours } },
    );
  }
  return Math.max(...common);
}

function findManifest(use: string, resolveFrom: string): { folder: string; manifest: Record<string, unknown> } {
  const isPath = use.startsWith('.') || path.isAbsolute(use);
  // Not require.resolve('<name>/package.json'): an `exports` map need not expose that file.
  const folders = isPath
    ? [path.resolve(resolveFrom, use)]
    : (createRequire(path.join(resolveFrom, 'falaj.config.js')).resolve.paths(use) ?? []).map((base) =>
        path.join(base, use),
      );
  for (const folder of folders) {
    const file = path.join(folder, 'package.json');
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR')
        continue;
      throw new PlatformError('PLUGIN_CONFIG_INVALID', `"${use}": ${file} cannot be read.`, { cause: error });
    }
    try {
      return { folder, manifest: JSON.parse(text) };
    } catch (error) {
      throw new PlatformError('PLUGIN_CONFIG_INVALID', `"${use}": ${file} is no JSON.`, { cause: error });
    }
  }
  throw new PlatformError(
    'PLUGIN_CONFIG_INVALID',
    `Plugin "${use}" is not installed: no package of that name above ${resolveFrom}. Install it, or correct "use".`,
  );
}

function entryOf(name: string, manifest: Record<string, unknown>, conditions: readonly string[]): string {
  const main = typeof manifest.main === 'string' ? manifest.main : 'index.js';
  if (manifest.exports === undefined) return main;
  const exported = manifest.exports as Record<string, unknown> | string;
  const root = typeof exported === 'object' && exported !== null && '.' in exported ? exported['.'] : exported;
  const target = pick(root, conditions);
  if (!target) {
    throw new PlatformError(
      'PLUGIN_INCOMPATIBLE',
      `"${name}" exports nothing for the conditions ${conditions.join(', ')}.`,
    );
  }
  return target;
}

/** First match in the order that the package wrote, as Node does. */
function pick(target: unknown, conditions: readonly string[]): string | null {
  if (typeof target === 'string') return target;
  if (typeof target !== 'object' || target === null) return null;
  for (const [condition, next] of Object.entries(target)) {
    const found = conditions.includes(condition) ? pick(next, conditions) : null;
    if (found) return found;
  }
  return null;
}
