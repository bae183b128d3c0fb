// A user of pipelines in tests: one test file is one workspace with a scientist and an approver.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Principal } from '@falaj/runtime';
import type { Answer } from '@falaj/subgraph-kit/testing/requests';
import { commandsAllowed, type GraphAnswers, openPipelines, type Pipelines, type Process } from './open-pipelines.js';

export let pipelines: Pipelines;
export let process1: Process;
export let scientist: Principal;
export let approver: Principal;
export let folder: string;

export async function setUp(graph: GraphAnswers = {}): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'falaj-pipeline-test-'));
  pipelines = await openPipelines({ extra: [commandsAllowed], graph });
  process1 = await pipelines.openProcess();
  scientist = await pipelines.person('Sara', ['data-scientist']);
  approver = await pipelines.person('Omar', ['approver']);
}

export async function tearDown(): Promise<void> {
  await pipelines?.close();
  rmSync(folder, { recursive: true, force: true });
}

/** The process stops in order, and another one stands in its place. */
export async function restart(): Promise<void> {
  await process1.stop();
  process1 = await pipelines.openProcess();
}

export const CREATE = `mutation ($input: CreatePipelineInput!) {
  createPipeline(input: $input) { created pipeline { id version stages { name needs cached command { program } } } } }`;
export const START = `mutation ($input: StartPipelineRunInput!) { startPipelineRun(input: $input) { started run { id state } } }`;
export const RUN = `query ($id: ID!) { pipelineRun(id: $id) {
  state pipelineVersion cancelReason triggerKind triggerId event parameters error { code stage message details }
  stages { name state attempts inputs outputs logTail cachedFrom approverRole question startedAt finishedAt
    error { code message } decisions { approved role reason ownerId } } } }`;

/** What a definition writes for a parameter or an output. */
export const ref = (path: string) => `\${${path}}`;

export interface Stage {
  name: string;
  type: string;
  parameters?: Record<string, unknown>;
  [more: string]: unknown;
}
/** A command that runs a script of node. */
export const script = (name: string, code: string, more: Record<string, unknown> = {}, parameters = {}): Stage => ({
  name,
  type: 'COMMAND',
  parameters: { argv: ['node', '-e', code], ...parameters },
  ...more,
});
export const writes = (outputs: string) =>
  `require('fs').writeFileSync(process.env.FALAJ_OUTPUTS, JSON.stringify(${outputs}));`;
export const reads = `const inputs = JSON.parse(require('fs').readFileSync(process.env.FALAJ_INPUTS, 'utf8'));`;

export async function create(name: string, stages: Stage[], more: Record<string, unknown> = {}): Promise<Answer> {
  const answer = await process1.ask(scientist, CREATE, { input: { name, stages, ...more } });
  if (answer.code) throw new Error(answer.message);
  return answer;
}
let keys = 0;
export async function start(pipeline: string, more: Record<string, unknown> = {}, who = scientist): Promise<string> {
  keys += 1;
  const answer = await process1.ask(who, START, { input: { pipeline, idempotencyKey: `k-${keys}`, ...more } });
  if (answer.code) throw new Error(`${answer.code}: ${answer.message}`);
  return answer.data.startPipelineRun.run.id;
}
export async function look(id: string, from = process1) {
  const { pipelineRun } = (await from.ask(scientist, RUN, { id })).data;
  const stages = Object.fromEntries(pipelineRun.stages.map((stage: { name: string }) => [stage.name, stage]));
  return { ...pipelineRun, stages };
}
export async function until(id: string, done: (run: Awaited<ReturnType<typeof look>>) => boolean, from = process1) {
  for (let tries = 0; tries < 600; tries += 1) {
    const run = await look(id, from);
    if (done(run)) return run;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`The run never got there: ${JSON.stringify(await look(id, from))}`);
}
const ENDED = ['SUCCEEDED', 'FAILED', 'REFUSED', 'CANCELLED'];
export const ended = (id: string, from = process1) => until(id, ({ state }) => ENDED.includes(state), from);
export const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A zombie is dead; only its parent has not looked yet.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

export const DECIDE = (verb: 'approve' | 'reject') =>
  `mutation ($input: PipelineDecisionInput!) { ${verb}PipelineStage(input: $input) { run { state } } }`;
