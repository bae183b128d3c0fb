// `falaj audit …`: the log as files that anybody can verify. `verify` reads the files alone: no configuration, no database.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { archiveAuditLog, archiveReadLog, exportAuditLog, verifyBundle } from '@falaj/audit';
import type { Database } from '@falaj/database';
import { loadSigningKey } from '@falaj/identity';
import { isPlatformError, PlatformError } from '@falaj/runtime';
import { type Command, InvalidArgumentError } from 'commander';
import { loadConfig } from './config.js';
import { withLocalDatabase } from './local-database.js';

/** Something is wrong with the log itself; 1 is a wrong call. */
const TAMPERED = 2;
const ZONE_OF_FOLDER = 'zone in which the folder lies (default: zone of falaj.config.ts)';

interface ArchiveOptions {
  readonly workspace: string;
  readonly olderThan: number;
  readonly to: string;
  readonly reads?: true;
  readonly zone?: string;
  readonly data?: string;
}

export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('The audit log as files, and their verification anywhere.');

  audit
    .command('export')
    .description('Write the log of a workspace, its signed checkpoints and the public key into a new folder.')
    .requiredOption('--workspace <id>', 'workspace')
    .requiredOption('--to <folder>', 'folder, new or empty')
    .option('--size <records>', 'only up to the checkpoint of this size (default: the newest)', wholeNumber)
    .option('--zone <zone>', ZONE_OF_FOLDER)
    .option('--data <directory>', 'data directory (default: from falaj.config.ts)')
    .action(async (options: { workspace: string; to: string; size?: number; zone?: string; data?: string }) => {
      const { workspace, to, data } = options;
      const config = await loadConfig(process.cwd(), data ? { dataDirectory: data } : {});
      const key = await loadSigningKey(config.dataDirectory, 'audit');
      const { size } = await withLocalDatabase(config, 'falaj audit', async (database) => {
        await assertZone(database, workspace, options.zone ?? config.zone);
        return exportAuditLog(database, workspace, key, to, options.size);
      });
      process.stdout.write(
        `${size} records of ${workspace} in ${to}. Give the verifier the public key by another way than these files.\n`,
      );
    });

  audit
    .command('archive')
    .description(
      'Export old records, verify the export, and only then drop them; exit code 2 where it does not verify.',
    )
    .requiredOption('--workspace <id>', 'workspace')
    .requiredOption('--older-than <days>', 'age at which records may go', wholeNumber)
    .requiredOption('--to <folder>', 'folder, new or empty; afterwards the only place of these records')
    .option('--reads', 'the read log instead of the audit log')
    .option('--zone <zone>', ZONE_OF_FOLDER)
    .option('--data <directory>', 'data directory (default: from falaj.config.ts)')
    .action(async (options: ArchiveOptions) => {
      const { workspace: workspaceId, olderThan: olderThanDays, to: folder, reads = false, data } = options;
      const config = await loadConfig(process.cwd(), data ? { dataDirectory: data } : {});
      const privateKey = await loadSigningKey(config.dataDirectory, 'audit');
      try {
        const said = await withLocalDatabase(config, 'falaj audit', async (database, ownerUrl) => {
          await assertZone(database, workspaceId, options.zone ?? config.zone);
          const dropping = { workspaceId, olderThanDays, folder, privateKey, ownerUrl, actorId: 'operator' };
          if (reads) {
            const { archive, dropped } = await archiveReadLog(database, dropping);
            return archive
              ? `${archive.events} reads of ${workspaceId} are in ${folder}, verified; ${dropped} dropped.`
              : `Nothing more to archive; ${dropped} reads of earlier archives dropped.`;
          }
          const { archive, dropped } = await archiveAuditLog(database, dropping);
          return archive
            ? `${archive.from} to ${archive.until - 1} of ${workspaceId} are in ${folder}, verified; ${dropped} records dropped.`
            : `Nothing more to archive; ${dropped} records of earlier archives dropped.`;
        });
        process.stdout.write(`${said}\n`);
      } catch (error) {
        if (!isPlatformError(error) || error.code !== 'PRECONDITION_FAILED') throw error;
        process.stderr.write(`${error.message}\n`);
        process.exitCode = TAMPERED;
      }
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
      const { intact, workspaceId, verified, archived, root, faults } = found;
      for (const { kind, seq, detail } of faults) process.stdout.write(`${kind} at ${seq}: ${detail}\n`);
      process.stdout.write(
        `${intact ? 'intact' : 'NOT what was signed'}: ${verified} records of ${workspaceId}${archived > 0 ? `, ${archived} of them in earlier exports` : ''}, root ${root}\n`,
      );
      if (!intact) process.exitCode = TAMPERED;
    });
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number from 1.');
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

async function assertZone(database: Database, workspace: string, zone: string): Promise<void> {
  // A whole subgraph, which who only verifies should not wait for.
  const { assertExportZone } = await import('@falaj/subgraph-governance');
  await assertExportZone(database, workspace, zone);
}
