// Built feature rows are kept as Parquet under a name that says what they are: the digest of definition and source. The
// same view of the same source is built once, by whoever comes first; a half-written file is never seen.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FeatureViewSpec } from '@falaj/plugin-sdk';
import type { Session } from './database.js';
import { buildFeatureRows } from './feature-rows.js';
import type { SourceFile, Sources } from './source.js';
import { literal } from './sql-text.js';

/** Raised when the layout or the meaning of built rows changes. */
const FORMAT = 3;

export interface BuiltView {
  readonly path: string;
  readonly digest: string;
  readonly source: SourceFile;
}

export class ViewCache {
  readonly #folder: string;
  readonly #sources: Sources;
  readonly #building = new Map<string, Promise<void>>();

  constructor(folder: string, sources: Sources) {
    this.#folder = folder;
    this.#sources = sources;
  }

  async open(session: Session, spec: FeatureViewSpec): Promise<BuiltView> {
    const source = await this.#sources.open(spec.source);
    const { name: _name, version: _version, ttlSeconds: _ttl, source: _source, ...meaning } = spec;
    const digest = createHash('sha256')
      .update(JSON.stringify([FORMAT, meaning, source.ref.format, source.digest]))
      .digest('hex');
    const path = join(this.#folder, `${digest}.parquet`);
    while (!existsSync(path)) {
      const other = this.#building.get(digest);
      if (other) {
        // Whoever builds it may give up: then it is built here.
        await other.catch(() => undefined);
        continue;
      }
      const building = this.#build(session, spec, source, path).finally(() => this.#building.delete(digest));
      this.#building.set(digest, building);
      await building;
    }
    return { path, digest: `sha256:${digest}`, source };
  }

  async #build(session: Session, spec: FeatureViewSpec, source: SourceFile, path: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const part = `${path}.${randomUUID()}.part`;
    try {
      await buildFeatureRows(session, spec, source, 'built');
      await session.run(
        `copy (select row_number() over () as i, dense_rank() over (order by key) as kid, * from built order by i) to ${literal(part)} (format parquet)`,
      );
      await rename(part, path);
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
  }
}
