// `falaj keys …`: the keys of a workspace from a terminal, for its administrator.
import { setTimeout as sleep } from 'node:timers/promises';
import { KeyRotationStateDocument, RotateKeyDocument, ZoneKeysDocument } from '@falaj/client';
import type { Command } from 'commander';
import { type SignInOptions, signIn, withSignIn } from './sign-in.js';

const LOOK_AGAIN_MS = 500;

export function addKeyCommands(program: Command): void {
  const keys = program.command('keys').description('Keys of a workspace: what wraps, and its change.');

  withSignIn(keys.command('list'))
    .description('The key of each zone.')
    .action(async (options: SignInOptions) => {
      const { zoneKeys } = await (await signIn(options)).data(ZoneKeysDocument, {});
      for (const { zone, keyId, createdAt, protection } of zoneKeys) {
        print(`${zone}  ${keyId}  since ${createdAt}  ${protection}`);
      }
    });

  withSignIn(keys.command('rotate <zone>'))
    .description('Give a zone a new key and move everything under it; readers and writers go on.')
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--retire', 'end the versions before: copies and backups under them are then lost')
    .action(async (zone: string, options: SignInOptions & { reason: string; retire?: boolean }) => {
      const client = await signIn(options);
      const { reason, retire = false } = options;
      const { rotateKey } = await client.data(RotateKeyDocument, { input: { zone, reason, retire } });
      const id = rotateKey.rotation?.id ?? '';
      for (let shown = ''; ; await sleep(LOOK_AGAIN_MS)) {
        const { keyRotation } = await (await signIn(options)).data(KeyRotationStateDocument, { id });
        if (!keyRotation) throw new Error(`The rotation ${id} is not to be seen.`);
        const { state, fromKeyId, toKeyId, artifacts, rewrapped, wrappedKeys, corrupt, retiredAt, error } = keyRotation;
        const line = `${state} ${fromKeyId ?? '?'} -> ${toKeyId ?? '?'}: ${rewrapped} artifacts moved of ${artifacts} seen, ${wrappedKeys} data keys${retiredAt ? ', earlier versions retired' : ''}`;
        if (line !== shown) print(line);
        shown = line;
        if (state === 'RUNNING') continue;
        for (const key of corrupt ?? []) print(`  does not open: ${key}`);
        if (state === 'SUCCEEDED') return;
        throw new Error(error ?? 'The rotation failed.');
      }
    });
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
