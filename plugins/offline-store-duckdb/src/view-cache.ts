// Built feature rows are kept as Parquet under a name that says what they are: the digest of definition and source. The
// same view of the same source is built once, by whoever comes first; a half-written file is never seen. Rows of persons
// are kept sealed, for this process only.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErasedSubjects, FeatureViewSpec } from '@falaj/plugin-sdk';
import type { Session } from './database.js';
import { buildFeatureRows } from './feature-rows.js';
import { SealedFiles } from './sealed-files.js';
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
  readonly #sealed: SealedFiles;
  readonly #building = new Map<string, Promise<void>>();

  constructor(folder: string, sources: Sources, sealed = new SealedFiles(folder, folder)) {
    this.#folder = folder;
    this.#sources = sources;
    this.#sealed = sealed;
  }

  async open(session: Session, spec: FeatureViewSpec, erased?: ErasedSubjects): Promise<BuiltView> {
    const source = await this.#sources.open(spec.source);
    const { name: _name, version: _version, ttlSeconds: _ttl, source: _source, ...meaning } = spec;
    const digest = createHash('sha256')
      .update(JSON.stringify([FORMAT, meaning, source.ref.format, source.digest, ...leftOut(spec, erased)]))
      .digest('hex');
    const sealed = spec.subjectKey !== undefined;
    const kept = sealed ? this.#sealed.pathOf(digest) : join(this.#folder, `${digest}.parquet`);
    while (!existsSync(kept)) {
      const other = this.#building.get(digest);
      if (other) {
        // Whoever builds it may give up: then it is built here.
        await other.catch(() => undefined);
        continue;
      }
      const building = this.#build(session, spec, source, erased, sealed, kept).finally(() =>
        this.#building.delete(digest),
      );
      this.#building.set(digest, building);
      await building;
    }
    const path = sealed ? await this.#sealed.open(session, kept) : kept;
    return { path, digest: `sha256:${digest}`, source };
  }

  async #build(
    session: Session,
    spec: FeatureViewSpec,
    source: SourceFile,
    erased: ErasedSubjects | undefined,
    sealed: boolean,
    path: string,
  ): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const part = sealed ? this.#sealed.plainPath() : `${path}.${randomUUID()}.part`;
    try {
      await buildFeatureRows(session, spec, source, 'built', erased);
      await session.run(
        `copy (select row_number() over () as i, dense_rank() over (order by key) as kid, * from built order by i) to ${literal(part)} (format parquet)`,
      );
      if (sealed) await this.#sealed.seal(part, path);
      else await rename(part, path);
    } finally {
      await rm(part, { force: true });
    }
  }
}

/** What changes the rows beside definition and source. */
function leftOut({ subjectKey }: FeatureViewSpec, erased: ErasedSubjects | undefined): readonly (readonly string[])[] {
  return subjectKey === undefined || !erased || erased.lookups.length === 0 ? [] : [[...erased.lookups].sort()];
}
