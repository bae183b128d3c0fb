// Writes plugin packages to a temporary folder, for tests of what the host does with good and bad ones.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface SamplePackage {
  readonly name: string;
  readonly kind?: string;
  readonly contract?: readonly number[];
  /** Source of the module (JavaScript). */
  readonly code: string;
  readonly manifest?: Readonly<Record<string, unknown>>;
}

export class SampleProject implements Disposable {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'falaj-host-'));
  readonly data = path.join(this.folder, 'data');

  add({ name, kind = 'artifact-store', contract = [1], code, manifest }: SamplePackage): void {
    const folder = path.join(this.folder, 'node_modules', name);
    mkdirSync(folder, { recursive: true });
    const content = manifest ?? {
      name,
      version: '1.2.3',
      type: 'module',
      exports: { '.': { import: './index.js' } },
      falaj: { plugin: { kind, contract } },
    };
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify(content));
    writeFileSync(path.join(folder, 'index.js'), code);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const ERROR_TAG = "Symbol.for('falaj.PluginError')";

/** A plugin that needs no import: methods of an artifact store from the given source text. */
export const artifactStore = (name: string, methods: string, options = ''): string => `
const fault = (code, message, retryable = false) =>
  Object.assign(new Error(message), { [${ERROR_TAG}]: true, code, retryable, details: { from: '${name}' } });
const state = { puts: 0, gets: 0, running: 0, peak: 0 };
export default {
  $type: 'falaj/plugin', kind: 'artifact-store', name: '${name}', contract: 1,
  capabilities: [], isolation: 'inline', egress: [], ${options}
  async open(config, host) {
    return {
      async put({ key, data }) { state.puts++; return { key, bytes: data.length, storedAt: host.clock() }; },
      async get() { state.gets++; return new Uint8Array([1]); },
      async remove() {},
      async list() { return []; },
      async health() { return { ok: true }; },
      async close() {},
      ${methods}
    };
  },
};
`;
