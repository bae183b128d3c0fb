// `falaj pipeline …`: pipelines from a terminal or any CI. Exit code 0 is done, 1 is failed, 2 is refused or cancelled.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  ApprovePipelineStageDocument,
  CancelPipelineRunDocument,
  CreatePipelineDocument,
  type CreatePipelineInput,
  type FalajClient,
  FalajError,
  PipelineByNameDocument,
  RejectPipelineStageDocument,
  ResumePipelineRunDocument,
  StartPipelineRunDocument,
} from '@falaj/client';
import { type Command, InvalidArgumentError } from 'commander';
import { followRun, showRun } from './pipeline-progress.js';
import { runParameters } from './run-parameters.js';
import { type SignInOptions, signIn, withSignIn } from './sign-in.js';

interface RunOptions extends SignInOptions {
  readonly param: readonly string[];
  readonly key?: string;
  readonly version?: number;
  readonly cache: boolean;
  readonly wait?: boolean;
  readonly json?: boolean;
}

const EXIT = { done: 0, failed: 1, refused: 2 } as const;

/** Codes by which the platform says no, rather than that something broke. */
const REFUSALS: ReadonlySet<string> = new Set([
  'FORBIDDEN',
  'UNAUTHENTICATED',
  'RESIDENCY_VIOLATION',
  'COMPLIANCE_FAILED',
  'BUDGET_EXCEEDED',
  'STAGE_REFUSED',
]);

const whole = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
};
const collected = (text: string, before: readonly string[]): string[] => [...before, text];

export function addPipelineCommands(program: Command): void {
  const pipeline = program.command('pipeline').description('Pipelines: write, run, follow, decide.');

  withSignIn(pipeline.command('apply <file>'))
    .description('Write the pipeline of a JSON file; a new version where it differs from the newest.')
    .action((file: string, options: SignInOptions) =>
      asking(options, async (client) => {
        const input = JSON.parse(readFileSync(file, 'utf8')) as CreatePipelineInput;
        const { createPipeline } = await client.data(CreatePipelineDocument, { input });
        const { name, version } = createPipeline.pipeline ?? {};
        print(`${name} version ${version}${createPipeline.created ? '' : ' (unchanged)'}`);
      }),
    );

  withSignIn(pipeline.command('run <name>'))
    .description('Start a run. With --wait: exit code 0 done, 1 failed, 2 refused or cancelled.')
    .option('--param <name=value>', 'parameter; values by their declared type', collected, [])
    .option('--version <number>', 'version (default: the newest)', whole)
    .option('--key <text>', 'idempotency key: a second start under it is the same run (default: a new one)')
    .option('--no-cache', 'let no earlier result stand for a new one')
    .option('--wait', 'show a line per stage and wait for the end')
    .option('--json', 'print the run as JSON instead of lines')
    .action((name: string, options: RunOptions) =>
      asking(options, async (client) => {
        const id = await startRun(client, name, options);
        if (options.wait) return settle(options, id);
        print(options.json ? JSON.stringify({ runId: id }) : id);
      }),
    );

  withSignIn(pipeline.command('wait <run>'))
    .description('Follow a run to its end; exit code as of run --wait.')
    .option('--json', 'print the run as JSON instead of lines')
    .action((id: string, options: SignInOptions & { json?: boolean }) => asking(options, () => settle(options, id)));

  withSignIn(pipeline.command('resume <run>'))
    .description('Go on with a run that failed, was refused or cancelled; what its stages made stays.')
    .option('--version <number>', 'go on with this version of the pipeline', whole)
    .option('--wait', 'show a line per stage and wait for the end')
    .option('--json', 'print the run as JSON instead of lines')
    .action((runId: string, options: RunOptions) =>
      asking(options, async (client) => {
        const { version } = options;
        await client.data(ResumePipelineRunDocument, { input: { runId, ...(version ? { version } : {}) } });
        if (options.wait) return settle(options, runId);
      }),
    );

  withSignIn(pipeline.command('cancel <run>'))
    .description('Stop a run; commands and trainings of it stop with it.')
    .requiredOption('--reason <text>', 'why')
    .action((runId: string, options: SignInOptions & { reason: string }) =>
      asking(options, async (client) => {
        await client.data(CancelPipelineRunDocument, { input: { runId, reason: options.reason } });
      }),
    );

  for (const [verb, document] of [
    ['approve', ApprovePipelineStageDocument],
    ['reject', RejectPipelineStageDocument],
  ] as const)
    withSignIn(pipeline.command(`${verb} <run> <stage>`))
      .description(
        `${verb === 'approve' ? 'Approve' : 'Reject'} a stage that waits; not for those who asked for the run.`,
      )
      .requiredOption('--role <name>', 'role in which you decide')
      .requiredOption('--reason <text>', 'why')
      .action((runId: string, stage: string, options: SignInOptions & { role: string; reason: string }) =>
        asking(options, async (client) => {
          await client.data(document as typeof ApprovePipelineStageDocument, {
            input: { runId, stage, role: options.role, reason: options.reason },
          });
        }),
      );
}

/** Signs in, asks, and turns what the platform refuses into its exit code. */
async function asking(options: SignInOptions, work: (client: FalajClient) => Promise<unknown>): Promise<void> {
  try {
    await work(await signIn(options));
  } catch (error) {
    if (error instanceof TypeError && error.message === 'fetch failed')
      throw new Error('The platform cannot be reached; start it, or give its address by --url.', { cause: error });
    if (!(error instanceof FalajError)) throw error;
    process.stderr.write(`${error.code}: ${error.message}\n`);
    process.exitCode = REFUSALS.has(error.code) ? EXIT.refused : EXIT.failed;
  }
}

async function startRun(client: FalajClient, name: string, options: RunOptions): Promise<string> {
  const version = options.version === undefined ? {} : { version: options.version };
  const { pipelineByName } = await client.data(PipelineByNameDocument, { name, ...version });
  if (!pipelineByName) throw new Error(`There is no pipeline "${name}" that you may see.`);
  const { startPipelineRun } = await client.data(StartPipelineRunDocument, {
    input: {
      pipeline: name,
      ...version,
      idempotencyKey: options.key ?? randomUUID(),
      parameters: runParameters(pipelineByName.parameters ?? [], options.param),
      caching: options.cache,
    },
  });
  const id = startPipelineRun.run?.id;
  if (!id) throw new Error('The run was started, but you may not see it.');
  return id;
}

async function settle(options: SignInOptions & { readonly json?: boolean }, id: string): Promise<void> {
  const json = options.json ?? false;
  const state = await followRun(() => signIn(options), id, json ? () => undefined : print);
  await showRun(await signIn(options), id, { json, print });
  process.exitCode = state === 'SUCCEEDED' ? EXIT.done : state === 'FAILED' ? EXIT.failed : EXIT.refused;
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
