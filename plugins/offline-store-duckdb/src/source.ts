// A source is a file in an allowed folder, reached by no other way: its real path is checked before any SQL names it.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import { PluginError, type SourceRef } from '@falaj/plugin-sdk';
import type { Session } from './database.js';
import { literal } from './sql-text.js';

export interface SourceFile {
  readonly ref: SourceRef;
  readonly path: string;
  readonly bytes: number;
  /** `sha256:<hex>` of the bytes. */
  readonly digest: string;
}

export interface SourceColumn {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
}

export class Sources {
  readonly #folders: readonly string[];
  readonly #maxBytes: number;
  /** Digests by path, size and time of change: a file of gigabytes is read once. */
  readonly #digests = new Map<string, Promise<string>>();

  constructor(folders: readonly string[], maxBytes: number) {
    this.#folders = folders;
    this.#maxBytes = maxBytes;
  }

  async open(ref: SourceRef): Promise<SourceFile> {
    if (isAbsolute(ref.path) || ref.path.split(/[\\/]/).includes('..') || ref.path.includes('\0')) {
      throw new PluginError(
        'BAD_INPUT',
        `Source path "${ref.path}": expected a path relative to an allowed folder, without "..".`,
      );
    }
    for (const folder of this.#folders) {
      const path = await realpath(join(folder, ref.path)).catch(() => null);
      if (path === null) continue;
      if (!path.startsWith(folder.endsWith(sep) ? folder : folder + sep)) {
        throw new PluginError('BAD_INPUT', `Source path "${ref.path}" leads out of its folder.`);
      }
      const found = await stat(path);
      if (!found.isFile()) throw new PluginError('BAD_INPUT', `Source path "${ref.path}" is not a file.`);
      if (found.size === 0) throw new PluginError('BAD_INPUT', `Source "${ref.path}" is empty (0 bytes).`);
      if (found.size > this.#maxBytes) {
        throw new PluginError(
          'BAD_INPUT',
          `Source "${ref.path}" has ${found.size} bytes; ${this.#maxBytes} are accepted.`,
          { details: { found: found.size, limit: this.#maxBytes } },
        );
      }
      const key = `${path}\n${found.size}\n${found.mtimeMs}`;
      let digest = this.#digests.get(key);
      if (!digest) {
        digest = digestOf(path);
        this.#digests.set(key, digest);
      }
      return { ref, path, bytes: found.size, digest: await digest };
    }
    throw new PluginError('NOT_FOUND', `No file "${ref.path}" in the allowed folders. Put it there, then try again.`);
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}

// The engine's own guess at dates would read 01/02/2026 by its taste, whatever format the view gives: times stay text.
const CSV_TYPES = `auto_type_candidates = ['BOOLEAN', 'BIGINT', 'DOUBLE', 'VARCHAR']`;
const JSON_TYPES = `convert_strings_to_integers = false, dateformat = '\u0001', timestampformat = '\u0001'`;

/** The table function that reads the file. */
export function reader(source: SourceFile): string {
  const path = literal(source.path);
  if (source.ref.format === 'PARQUET') return `read_parquet(${path})`;
  if (source.ref.format === 'CSV') return `read_csv(${path}, header = true, sample_size = -1, ${CSV_TYPES})`;
  return `read_json(${path}, sample_size = -1, ${JSON_TYPES})`;
}

export async function columnsOf(session: Session, source: SourceFile): Promise<SourceColumn[]> {
  const rows = await session.rows<{ column_name: string; column_type: string; null: string }>(
    `describe select * from ${reader(source)}`,
  );
  if (source.ref.format === 'JSON' && rows.length === 1 && rows[0]?.column_name === 'json') {
    throw new PluginError(
      'BAD_INPUT',
      `Source "${source.ref.path}" is no JSON array of objects, nor one object a line.`,
    );
  }
  return rows.map((row) => ({ name: row.column_name, type: row.column_type, nullable: row.null === 'YES' }));
}

/** Throws BAD_INPUT naming every wanted column that the file does not have. */
export function requireColumns(source: SourceFile, columns: readonly SourceColumn[], wanted: Iterable<string>): void {
  const known = new Set(columns.map((column) => column.name));
  const missing = [...new Set(wanted)].filter((column) => !known.has(column));
  if (missing.length === 0) return;
  throw new PluginError(
    'BAD_INPUT',
    `Source "${source.ref.path}" has no column ${missing.join(', ')}; it has ${[...known].join(', ')}.`,
    {
      details: { found: missing, allowed: [...known] },
    },
  );
}
