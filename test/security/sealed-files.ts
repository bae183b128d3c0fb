// What lies in the artifact store, as somebody sees it who can read and write its files but holds no key. The layout is that
// of packages/plugin-host/src/envelope.ts, written down a second time on purpose.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SealedFile {
  readonly file: string;
  readonly workspaceId: string;
  readonly key: string;
  readonly zone: string;
  /** Key that wrapped the data key. */
  readonly keyId: string;
  /** Of every byte but the wrapped data key and its key id. */
  readonly rest: string;
  readonly bytes: Buffer;
}

function parse(file: string): SealedFile {
  const bytes = readFileSync(file);
  let offset = 9;
  const text = (): string => {
    const length = bytes.readUInt16BE(offset);
    offset += 2 + length;
    return bytes.subarray(offset - length, offset).toString('utf8');
  };
  const [workspaceId, key, zone] = [text(), text(), text()];
  text();
  text();
  offset += 64;
  const wrapBegins = offset;
  const keyId = text();
  text();
  const rest = createHash('sha256').update(bytes.subarray(0, wrapBegins)).update(bytes.subarray(offset)).digest('hex');
  return { file, workspaceId, key, zone, keyId, rest, bytes };
}

/** Every artifact by its key. */
export function sealedFiles(dataDirectory: string): ReadonlyMap<string, SealedFile> {
  const folder = join(dataDirectory, 'plugins/artifact-store-fs/objects');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => parse(join(entry.parentPath, entry.name)));
  return new Map(files.map((each) => [each.key, each]));
}
