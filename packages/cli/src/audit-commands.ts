// `falaj audit …`: the log as files that anybody can verify. `verify` reads the files alone: no configuration, no database.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { exportAuditLog, verifyBundle } from '@falaj/audit';
import { openDatabase, startEmbeddedPostgres } from '@falaj/database';
import { loadSigningKey } from '@falaj/identity';
import { PlatformError } from '@falaj/runtime';
import type { Command } from 'commander';
import { loadConfig } from './config.js';
import { openDataDirectory } from './data-directory.js';

/** Something is wrong with the log itself; 1 is a wrong call. */
const TAMPERED = 2;

export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('The audit log as files, and their verification anywhere.');

  audit
    .command('export')
    .description('Write the log of a workspace, its signed checkpoints and the public key into a new folder.')
    .requiredOption('--workspace <id>', 'workspace')
    .requiredOption('--to <folder>', 'folder, new or empty')
    .option('--data <directory>', 'data directory (default: from falaj.config.ts)')
    .action(async ({ workspace, to, data }: { workspace: string; to: string; data?: string }) => {
      const config = await loadConfig(process.cwd(), data ? { dataDirectory: data } : {});
      const key = await loadSigningKey(config.dataDirectory, 'audit');
      const { size } = await withDatabase(config.dataDirectory, (database) =>
        exportAuditLog(database, workspace, key, to),
      );
      process.stdout.write(
        `${size} records of ${workspace} in ${to}. Give the verifier the public key by another way than these files.\n`,
      );
    });

  audit
    .command('verify')
    .description('Verify an export: exit code 0 where it is what was signed, 2 where it is not.')
    .requiredOption('--bundle <folder>', 'what `audit export` wrote')
    .requiredOption('--public-key <file>', 'public key of the log, PEM')
    .option('--from-checkpoint <file>', 'a checkpoint that was kept elsewhere')
    .action(async (options: { bundle: string; publicKey: string; fromCheckpoint?: string }) => {
      const key = publicKeyOf(await readFile(options.publicKey, 'utf8'), options.publicKey);
      const witness = options.fromCheckpoint && (await readFile(options.fromCheckpoint, 'utf8'));
      const found = await verifyBundle(options.bundle, key, witness || undefined);
      const { intact, workspaceId, verified, root, faults } = found;
      for (const { kind, seq, detail } of faults) process.stdout.write(`${kind} at ${seq}: ${detail}\n`);
      process.stdout.write(
        `${intact ? 'intact' : 'NOT what was signed'}: ${verified} records of ${workspaceId}, root ${root}\n`,
      );
      if (!intact) process.exitCode = TAMPERED;
    });
}

async function withDatabase<T>(
  dataDirectory: string,
  work: (database: Awaited<ReturnType<typeof openDatabase>>) => Promise<T>,
): Promise<T> {
  const server = process.env.FALAJ_DATABASE_URL
    ? undefined
    : await startEmbeddedPostgres({ dataDirectory: openDataDirectory(dataDirectory).database });
  try {
    const url = process.env.FALAJ_DATABASE_URL ?? server?.url ?? '';
    const database = await openDatabase({ url, maxConnections: 2, applicationName: 'falaj audit' });
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  } finally {
    await server?.stop();
  }
}

function publicKeyOf(pem: string, file: string): KeyObject {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Said below.
  }
  throw new PlatformError('BAD_USER_INPUT', `${file} holds no Ed25519 public key in PEM form.`);
}
