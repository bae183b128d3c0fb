#!/usr/bin/env node
import './node-env.js';
import { createLogger, isPlatformError } from '@falaj/runtime';
import { Command, InvalidArgumentError } from 'commander';
import colors from 'picocolors';
import { addAdvisoryCommands } from './advisory-commands.js';
import { addAuditCommands } from './audit-commands.js';
import { addCertificateCommands } from './certificate-commands.js';
import { loadConfig } from './config.js';
import { addKeyCommands } from './key-commands.js';
import { addPipelineCommands } from './pipeline-commands.js';
import { everything, type Roles, type SubgraphName, subgraphNames } from './platform/roles.js';
import { stopOnSignal } from './stop-on-signal.js';

interface StartOptions {
  data?: string;
  host?: string;
  port?: number;
}

const program = new Command('falaj')
  .description('Enterprise AI/ML platform behind one federated GraphQL graph.')
  .showHelpAfterError();

const port = (text: string): number => {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0 || number > 65_535) throw new InvalidArgumentError('expected 0 to 65535');
  return number;
};

const withPlace = (command: Command): Command =>
  command
    .option('--data <directory>', 'data directory (default: from falaj.config.ts)')
    .option('--host <address>', 'address to listen on')
    .option('--port <number>', 'port to listen on; 0 chooses one', port);

const overrides = (options: StartOptions) => ({
  ...(options.data ? { dataDirectory: options.data } : {}),
  ...(options.host ? { host: options.host } : {}),
  ...(options.port === undefined ? {} : { port: options.port }),
});

withPlace(program.command('start'))
  .description('Start the platform, or one role of it.')
  .option('--role <role...>', 'gateway, or subgraph:<name>; default everything in one process')
  .action(async (options: StartOptions & { role?: string[] }) => {
    const config = await loadConfig(process.cwd(), overrides(options));
    const roles = rolesOf(options.role);
    // Five subgraphs and a gateway, which no other command should wait for.
    const { startPlatform } = await import('./platform/start-platform.js');
    const started = performance.now();
    const platform = await startPlatform(config, roles, (step) => process.stdout.write(colors.dim(`  ${step}\n`)));
    process.stdout.write(
      `falaj is ready at ${platform.url} (${((performance.now() - started) / 1000).toFixed(1)} s)\n`,
    );
    if (platform.firstSignInCode)
      process.stdout.write(
        `First administrator, once and within a day:\n  curl ${platform.url}/auth/first-sign-in -H 'content-type: application/json' -d '{"code":"${platform.firstSignInCode}"}'\n`,
      );
    if (roles.gateway) process.stdout.write('Sign in:  npm run falaj -- token\n');
    if (roles.gateway && config.profile === 'development') process.stdout.write(`Explore:  ${platform.url}/graphiql\n`);
    await stopOnSignal(() => platform.close());
  });

withPlace(program.command('demo'))
  .description('Start the platform and run the sample journey on 20,000 real flights.')
  .option('--exit', 'stop after the journey')
  .action(async (options: StartOptions & { exit?: boolean }) => {
    const { runDemo } = await import('./demo/run-demo.js');
    await runDemo(await loadConfig(process.cwd(), overrides(options)), { exit: options.exit ?? false });
  });

withPlace(program.command('token'))
  .description('Print a short-lived token; whoever can read the data directory may sign in.')
  .option('--as <principal>', 'principal id or name (default: the platform administrator)')
  .action(async (options: StartOptions & { as?: string }) => {
    const { printToken } = await import('./token.js');
    await printToken(await loadConfig(process.cwd(), overrides(options)), options.as);
  });

addPipelineCommands(program);
addKeyCommands(program);
addAuditCommands(program);
addCertificateCommands(program);
addAdvisoryCommands(program);

const schema = program.command('schema').description('The checked-in schemas and the typed client.');
schema
  .command('write')
  .description('Write every schema file and the typed client.')
  .action(async () => {
    const { writeSchemaFiles } = await import('./schema-files.js');
    for (const path of await writeSchemaFiles()) process.stdout.write(`${path}\n`);
  });
schema
  .command('check')
  .description('Fail where a checked-in file is not what the code gives.')
  .action(async () => {
    const { staleSchemaFiles } = await import('./schema-files.js');
    const stale = await staleSchemaFiles();
    for (const { path, line } of stale) process.stderr.write(`${path}: ${line}\n`);
    if (stale.length > 0) throw new Error('Schema files are stale: run `npm run schema` and review the difference.');
  });

function rolesOf(given: string[] | undefined): Roles {
  if (!given || given.length === 0 || given.includes('all')) return everything;
  const subgraphs = given.filter((role) => role !== 'gateway').map((role) => role.replace(/^subgraph:/, ''));
  const unknown = subgraphs.filter((name) => !subgraphNames.includes(name as SubgraphName));
  if (unknown.length > 0)
    throw new Error(
      `Unknown role ${unknown.join(', ')}; there are gateway, ${subgraphNames.map((name) => `subgraph:${name}`).join(', ')}.`,
    );
  return { gateway: given.includes('gateway'), subgraphs: subgraphs as SubgraphName[] };
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(
    `${colors.red(isPlatformError(error) ? `${error.code}: ${error.message}` : error instanceof Error ? error.message : String(error))}\n`,
  );
  if (!isPlatformError(error))
    createLogger('cli').debug('stack', { stack: error instanceof Error ? error.stack : undefined });
  process.exitCode = 1;
}
