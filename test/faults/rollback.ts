// One-call rollback under load, and canaries whose process dies: no request fails, traffic moves within a second, and
// each decision is made once.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  RollbackEndpointDocument,
  RolloutStateDocument,
  StageRevisionDocument,
  StartRolloutDocument,
  UpdateEndpointDocument,
} from '@falaj/client';
import { type Processes, type SplitProcesses, startSplit, startWhole } from '../platform-processes.js';
import { clientOf, type Journey, journeyOn, rowsOf, until } from '../platform-requests.js';
import type { Outcome } from './run.js';

const REQUESTS_PER_SECOND = 200;
const ROLLBACKS = 10;
const MOVED_WITHIN_MS = 1_000;
/** Longer than the slowest move that would still be seen. */
const BETWEEN_MS = 1_500;

interface Answer {
  readonly sentAt: number;
  readonly tookMs: number;
  readonly revision: number;
}

interface Load {
  readonly answers: readonly Answer[];
  readonly failures: readonly string[];
  /** Lets what is under way come back. */
  stop(): Promise<void>;
}

/** So many requests each second, whether or not earlier ones are answered. */
function underLoad({ url }: Processes, { actors, ids }: Journey): Load {
  const answers: Answer[] = [];
  const failures: string[] = [];
  const underway = new Set<Promise<void>>();
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${actors.approver?.token}`,
    'x-falaj-workspace': ids.workspaceId ?? '',
  };
  let sent = 0;
  const send = async (): Promise<void> => {
    const sentAt = performance.now();
    const key = (name: string, value: string) => ({ name, datatype: 'BYTES', shape: [1], data: [value] });
    const inputs = [key('origin', 'LAX'), key('destination', 'PHX'), key('event_time', '2001-03-31T20:00:00.000Z')];
    try {
      const response = await fetch(new URL(`/v2/models/${ids.endpointName}/infer`, url), {
        method: 'POST',
        headers,
        body: JSON.stringify({ parameters: { subject: `subject ${++sent}` }, inputs }),
      });
      const body = (await response.json()) as { error?: string; parameters?: { revision?: number } };
      if (!response.ok) failures.push(`${response.status} ${body.error}`);
      else answers.push({ sentAt, tookMs: performance.now() - sentAt, revision: body.parameters?.revision ?? 0 });
    } catch (error) {
      failures.push(String((error as Error).cause ?? error));
    }
  };
  const began = performance.now();
  let due = 0;
  const timer = setInterval(() => {
    for (; due < ((performance.now() - began) * REQUESTS_PER_SECOND) / 1_000; due++) {
      const request = send().finally(() => underway.delete(request));
      underway.add(request);
    }
  }, 5);
  return {
    answers,
    failures,
    async stop() {
      clearInterval(timer);
      await Promise.all(underway);
    },
  };
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;

function latency(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  return `p50 ${quantile(sorted, 0.5).toFixed(1)} ms, p95 ${quantile(sorted, 0.95).toFixed(1)} ms`;
}

async function secondRevision(platform: Processes, journey: Journey): Promise<void> {
  await clientOf(platform, journey, 'approver').data(UpdateEndpointDocument, {
    input: { endpointId: journey.ids.endpointId ?? '', modelVersionId: journey.ids.modelVersionId ?? '' },
  });
}

/** Back and forth under load; throws where a request failed or the traffic moved too late. */
async function rolledBack(platform: Processes, journey: Journey): Promise<string> {
  const approver = clientOf(platform, journey, 'approver');
  const endpointId = journey.ids.endpointId ?? '';
  await secondRevision(platform, journey);
  const load = underLoad(platform, journey);
  await sleep(BETWEEN_MS);
  const moves: number[] = [];
  const meanwhile: number[] = [];
  for (let turn = 0; turn < ROLLBACKS; turn++) {
    const target = turn % 2 === 0 ? 1 : 2;
    const calledAt = performance.now();
    const input = { endpointId, reason: `rollback ${turn}`, ...(turn === 0 ? {} : { toRevision: target }) };
    const { rollbackEndpoint } = await approver.data(RollbackEndpointDocument, { input });
    if (rollbackEndpoint.endpoint?.revision !== target) throw new Error(`rollback ${turn} went elsewhere`);
    await sleep(BETWEEN_MS);
    const since = load.answers.filter(({ sentAt }) => sentAt >= calledAt);
    const last = Math.max(calledAt, ...since.filter(({ revision }) => revision !== target).map(({ sentAt }) => sentAt));
    if (!since.some(({ revision }) => revision === target)) throw new Error(`rollback ${turn}: nobody was answered`);
    moves.push(last - calledAt);
    meanwhile.push(...since.filter(({ sentAt }) => sentAt < calledAt + MOVED_WITHIN_MS).map(({ tookMs }) => tookMs));
  }
  await load.stop();
  const slowest = Math.max(...moves);
  const line =
    `${load.answers.length} answered, ${load.failures.length} failed over ${ROLLBACKS} rollbacks; moved within ` +
    `${slowest.toFixed(0)} ms at most; latency ${latency(load.answers.map(({ tookMs }) => tookMs))}, in the second after each call ${latency(meanwhile)}`;
  if (load.failures.length > 0) throw new Error(`${line}; first failure: ${load.failures[0]}`);
  if (slowest >= MOVED_WITHIN_MS) throw new Error(`${line}; the limit is ${MOVED_WITHIN_MS} ms`);
  return line;
}

async function inOneProcess(directory: string, keep: <P extends Processes>(platform: P) => P): Promise<string> {
  const platform = keep(await startWhole(directory));
  return rolledBack(platform, await journeyOn(platform, 'deployment'));
}

async function overProcesses(directory: string, keep: <P extends Processes>(platform: P) => P): Promise<string> {
  const platform = keep(await startSplit(directory));
  return rolledBack(platform, await journeyOn(platform, 'deployment'));
}

/** kill -9 of the process that leads a canary: another one goes on where it was, and no step is decided twice. */
async function orphanedCanary(directory: string, keep: <P extends Processes>(platform: P) => P): Promise<string> {
  const platform: SplitProcesses = keep(await startSplit(directory));
  const journey = await journeyOn(platform, 'deployment');
  const approver = clientOf(platform, journey, 'approver');
  const endpointId = journey.ids.endpointId ?? '';
  const { stageRevision } = await approver.data(StageRevisionDocument, {
    input: { endpointId, modelVersionId: journey.ids.modelVersionId ?? '' },
  });
  const weights = [1_000, 3_000, 6_000, 9_000];
  const { startRollout } = await approver.data(StartRolloutDocument, {
    input: {
      endpointId,
      candidateRevision: stageRevision.revision,
      steps: weights.map((weight) => ({ weight, minimumSeconds: 2, minimumSamples: 20 })),
      guardrails: [{ metric: 'ERROR_RATE', limit: 0.5 }],
    },
  });
  const id = startRollout.rollout?.id ?? '';
  const state = async () => (await approver.data(RolloutStateDocument, { id })).rollout;
  await platform.launch('deployments', 'beside');
  const load = underLoad(platform, journey);
  await until(async () => ((await state())?.step ?? 0) >= 1, 30_000, 'the canary passes its first step');
  const [before] = await rowsOf(directory, 'select lease_owner from deployments.rollout where id = $1', [id]);
  const killedAt = performance.now();
  await platform.process('deployments').kill();
  await platform.launch('deployments', 'in place');
  const ended = await until(
    async () => {
      const now = await state().catch(() => undefined);
      return now && now.state !== 'RUNNING' ? now : undefined;
    },
    60_000,
    'the canary ends',
  );
  const tookMs = performance.now() - killedAt;
  await load.stop();
  if (ended.state !== 'PROMOTED') throw new Error(`The canary is ${ended.state}: ${ended.reason}`);
  const decisions = await rowsOf(
    directory,
    `select action, details -> 'evidence' ->> 'step' as step, count(*)::int as n from audit.record where request_id = $1
     group by 1, 2 order by 2`,
    [id],
  );
  const expected = weights.map((_, step) => ({
    action: step === weights.length - 1 ? 'promoteRollout' : 'advanceRollout',
    step: String(step),
    n: 1,
  }));
  if (JSON.stringify(decisions) !== JSON.stringify(expected))
    throw new Error(`Decisions: expected ${JSON.stringify(expected)}, found ${JSON.stringify(decisions)}`);
  return `its process ${String(before?.lease_owner).split('-')[0]} died in step 2; promoted ${(tookMs / 1_000).toFixed(1)} s later, ${decisions.length} steps decided once each`;
}

const cases: readonly (readonly [string, typeof inOneProcess])[] = [
  [`rollback under ${REQUESTS_PER_SECOND} requests/s, one process`, inOneProcess],
  [`rollback under ${REQUESTS_PER_SECOND} requests/s, a process per role`, overProcesses],
  ['kill -9 of the process that leads a canary', orphanedCanary],
];

/** Prints a line per case. */
export async function run(): Promise<Outcome> {
  let failed = 0;
  for (const [name, test] of cases) {
    const base = mkdtempSync(join(tmpdir(), 'falaj-rollback-'));
    const started: Processes[] = [];
    const keep = <P extends Processes>(platform: P): P => {
      started.push(platform);
      return platform;
    };
    try {
      process.stdout.write(`✓ ${name}: ${await test(join(base, 'data'), keep)}\n`);
    } catch (error) {
      failed += 1;
      process.stdout.write(`✗ ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    } finally {
      for (const platform of started) await platform.stop().catch(() => undefined);
      rmSync(base, { recursive: true, force: true });
    }
  }
  return { passed: cases.length - failed, failed };
}
