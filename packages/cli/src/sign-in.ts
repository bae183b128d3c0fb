import { createClient, type FalajClient } from '@falaj/client';
import type { Command } from 'commander';
import { loadConfig } from './config.js';
import { localToken } from './token.js';

export interface SignInOptions {
  readonly url?: string;
  readonly token?: string;
  readonly workspace?: string;
  readonly as?: string;
}

/** Where the platform is and who asks: flags, then the environment, then this machine's own data directory. */
export const withSignIn = (command: Command): Command =>
  command
    .option('--url <address>', 'address of the gateway (default: FALAJ_URL, else from falaj.config.ts)')
    .option('--token <token>', 'bearer token (default: FALAJ_TOKEN, else one for --as of this data directory)')
    .option('--workspace <id>', 'workspace (default: FALAJ_WORKSPACE, else the only one)')
    .option('--as <principal>', 'principal id or name, where no token is given');

export async function signIn(options: SignInOptions): Promise<FalajClient> {
  const url = options.url ?? process.env.FALAJ_URL;
  const token = options.token ?? process.env.FALAJ_TOKEN;
  const workspace = options.workspace ?? process.env.FALAJ_WORKSPACE;
  const config = url && token ? undefined : await loadConfig(process.cwd());
  return createClient({
    url: url ?? `${config?.tls ? 'https' : 'http'}://${config?.listen.host}:${config?.listen.port}`,
    token: token ?? (config ? (await localToken(config, options.as)).token : ''),
    ...(workspace ? { workspace } : {}),
  });
}
