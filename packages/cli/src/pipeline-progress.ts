// A run of a pipeline as lines: one for each stage that begins, waits or ends.
import { setTimeout as sleep } from 'node:timers/promises';
import { type FalajClient, FalajError, PipelineRunProgressDocument, PipelineRunStateDocument } from '@falaj/client';
import colors from 'picocolors';

const ENDED: ReadonlySet<string> = new Set(['SUCCEEDED', 'FAILED', 'REFUSED', 'CANCELLED']);
const LOOK_AGAIN_MS = 1_000;
const LONGEST_SILENCE_MS = 120_000;

interface ShownStage {
  readonly name?: string | null;
  readonly type?: string | null;
  readonly state?: string | null;
  readonly attempts?: number | null;
  readonly approverRole?: string | null;
  readonly question?: string | null;
  readonly startedAt?: unknown;
  readonly finishedAt?: unknown;
  readonly error?: { readonly code: string; readonly message?: string | null } | null;
}

/**
 * Shows each change of each stage until the run has ended; answers its state. A platform that restarts is waited for;
 * where a token ran out, `connect` signs in again.
 */
export async function followRun(
  connect: () => Promise<FalajClient>,
  runId: string,
  print: (line: string) => void,
): Promise<string> {
  const shown = new Map<string, string>();
  let lastSeen = Date.now();
  for (;;) {
    try {
      const client = await connect();
      for await (const event of client.subscribe(PipelineRunProgressDocument, { runId })) {
        if (event.errors) throw new FalajError(event.errors);
        const progress = event.data?.pipelineRunProgress;
        if (!progress) continue;
        lastSeen = Date.now();
        for (const stage of progress.stages ?? []) showChange(stage, shown, print);
        if (ENDED.has(progress.state ?? '')) return progress.state as string;
      }
    } catch (error) {
      if (!passing(error) || Date.now() - lastSeen > LONGEST_SILENCE_MS) throw error;
    }
    await sleep(LOOK_AGAIN_MS);
  }
}

/** Whether the stream may simply be taken up again: the connection broke, or the platform says that a retry may help. */
const passing = (error: unknown): boolean =>
  error instanceof FalajError
    ? error.errors.some(({ extensions }) => extensions.retryable)
    : error instanceof TypeError;

function showChange(stage: ShownStage, shown: Map<string, string>, print: (line: string) => void): void {
  const name = stage.name ?? '?';
  const now = `${stage.state} ${stage.state === 'RUNNING' ? Math.max(stage.attempts ?? 1, 1) : ''}`;
  if (stage.state === 'PENDING' || shown.get(name) === now) return;
  shown.set(name, now);
  print(stageLine(stage));
}

function stageLine(stage: ShownStage): string {
  const { state = '', attempts, error } = stage;
  const seconds = secondsBetween(stage.startedAt, stage.finishedAt);
  const parts = [
    mark(state ?? ''),
    (stage.name ?? '?').padEnd(20),
    (state ?? '').padEnd(9),
    seconds === null || state === 'RUNNING' ? '' : colors.dim(`${seconds.toFixed(1)} s`),
    (attempts ?? 0) > 1 ? colors.dim(`attempt ${attempts}`) : '',
    state === 'WAITING' ? `for ${stage.approverRole}${stage.question ? `: ${stage.question}` : ''}` : '',
    error ? `${error.code}: ${error.message ?? ''}` : '',
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function mark(state: string): string {
  if (state === 'SUCCEEDED' || state === 'CACHED') return colors.green('✓');
  if (state === 'FAILED' || state === 'REFUSED' || state === 'CANCELLED') return colors.red('✗');
  return colors.dim(state === 'WAITING' ? '?' : state === 'SKIPPED' ? '-' : '·');
}

const secondsBetween = (from: unknown, to: unknown): number | null =>
  from && to ? (Date.parse(String(to)) - Date.parse(String(from))) / 1000 : null;

/** The whole run as JSON, or one last line. */
export async function showRun(
  client: FalajClient,
  id: string,
  { json, print }: { readonly json: boolean; readonly print: (line: string) => void },
): Promise<void> {
  const { pipelineRun } = await client.data(PipelineRunStateDocument, { id });
  if (json) return print(JSON.stringify(pipelineRun));
  const seconds = secondsBetween(pipelineRun?.startedAt, pipelineRun?.finishedAt);
  // Why a stage did not succeed stands at its own line.
  const why = pipelineRun?.error?.stage
    ? `at ${pipelineRun.error.stage}`
    : (pipelineRun?.error?.message ?? pipelineRun?.cancelReason);
  print(
    `${pipelineRun?.pipelineName} version ${pipelineRun?.pipelineVersion}, run ${id}: ${pipelineRun?.state}` +
      `${seconds === null ? '' : ` in ${seconds.toFixed(1)} s`}${why ? `: ${why}` : ''}`,
  );
}
