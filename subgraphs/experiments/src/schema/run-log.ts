import { createHash } from 'node:crypto';
import { assertZoneAmong } from '@falaj/policy';
import { PlatformError } from '@falaj/runtime';
import { newId, parseInput, permitColumns } from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { artifactBytes, artifactInput, columnsOf, createRunInput, logRunBatchInput } from '../domain/run-log.js';
import { experiments, runs } from '../store/governed.js';
import { artifactsOf } from '../store/metrics.js';
import { runData } from '../store/run-data.js';
import {
  type LoggedRun,
  openForLogging,
  removeTags,
  saveInputs,
  saveParameters,
  savePoints,
  saveTags,
} from '../store/run-log.js';
import { type PlacedSet, permitRun } from '../store/run-place.js';
import { notify } from '../store/run-queue.js';
import { endLoggedRun, insertLoggedRun, saveArtifact, setArchived } from '../store/run-writes.js';
import { run } from '../store/tables.js';
import type { ExperimentsContext } from './context.js';
import {
  CreateRunInput,
  LogRunArtifactInput,
  LogRunArtifactPayload,
  LogRunBatchInput,
  LogRunBatchPayload,
  RunArtifactContent,
  RunEnd,
} from './run-log-types.js';
import { shownArtifact } from './run-logged.js';
import { RunPayload } from './run-types.js';

const INPUT_SET = /* GraphQL */ `
  query TrainingSetOfLoggedRun($id: ID!) {
    trainingSet(id: $id) {
      digest
      zone
      categories
      allowedZones
      labelSource { zone categories }
      featureViews { source { zone categories } }
    }
  }
`;

interface InputSet extends PlacedSet {
  readonly id: string;
  readonly digest: string;
}

/** The facts of a training set that a run reads, as the caller sees it; a withheld one stops the run, by name. */
async function inputSet(context: ExperimentsContext, id: string): Promise<InputSet> {
  const { trainingSet } = await context.platform.graph.query<{ trainingSet: Record<string, unknown> | null }>(
    INPUT_SET,
    { id },
    context.request,
  );
  if (!trainingSet)
    throw new PlatformError('NOT_FOUND', `TrainingSet ${id} not found.`, { details: { type: 'TrainingSet', id } });
  const withheld = ['digest', 'zone', 'categories', 'allowedZones'].filter((field) => trainingSet[field] === null);
  if (withheld.length > 0)
    throw new PlatformError('FORBIDDEN', `You may not use this set: ${withheld.join(', ')} is withheld from you.`, {
      details: { id, withheld },
    });
  return { ...(trainingSet as unknown as Omit<InputSet, 'id'>), id };
}

/** Where a run may be: in a zone of the caller's that every training set allows, or that instruments open. */
async function placeOf(context: ExperimentsContext, wanted: string | null | undefined, sets: readonly InputSet[]) {
  const zone = wanted ?? sets[0]?.zone ?? context.principal.zone;
  assertZoneAmong({
    targetZone: zone,
    allowedZones: context.principal.zones,
    ruleId: 'WORKSPACE_ZONES',
    operation: 'train',
  });
  const permit = await permitRun(context, sets, zone);
  const zones = sets.map((set) => set.allowedZones);
  return {
    zone,
    ...permitColumns(permit),
    allowedZones: (zones[0] ?? [zone]).filter((one) => zones.every((own) => own.includes(one))),
    categories: sets.length === 0 ? ['none'] : [...new Set(sets.flatMap((set) => set.categories))].sort(),
  };
}

@Resolver()
export class RunLogResolver {
  @Mutation(() => RunPayload, {
    description: 'Begins a run that you log yourself, from any program; end it with `finishRun`.',
  })
  async createRun(
    @Arg('input', () => CreateRunInput, { description: 'What to log.' }) input: CreateRunInput,
    @Ctx() context: ExperimentsContext,
  ): Promise<RunPayload> {
    const wanted = parseInput(createRunInput, input);
    await context.reads.required(experiments, wanted.experimentId);
    const id = newId('run');
    const ids = [...new Set(wanted.trainingSetIds)];
    await context.mutate(
      {
        action: 'createRun',
        noun: 'Run',
        verb: 'create',
        subjectId: id,
        details: { name: wanted.name, experimentId: wanted.experimentId, trainingSetIds: ids },
        prepare: async () => {
          const sets = await Promise.all(ids.map((set) => inputSet(context, set)));
          return { sets, place: await placeOf(context, wanted.zone, sets) };
        },
      },
      async (tx, _audit, { sets, place }) => {
        const { experimentId, name, startedAt } = wanted;
        const logged = { id, workspaceId: context.principal.workspaceId, zone: place.zone };
        await insertLoggedRun(tx, {
          id,
          ...context.ownership,
          ...place,
          experimentId,
          name,
          startedAt: startedAt ?? new Date(),
        });
        await saveInputs(tx, logged, sets);
        await saveParameters(tx, logged, wanted.parameters);
        await saveTags(tx, logged, wanted.tags);
      },
    );
    return { run: await context.reads.byId(runs, id) };
  }

  @Mutation(() => LogRunBatchPayload, {
    description:
      'Logs parameters, tags and metrics, all or nothing. Sent again it changes nothing, so after a lost answer send it again. Of a training run: tags by anyone who may, metrics by its own program.',
  })
  async logRunBatch(
    @Arg('input', () => LogRunBatchInput, { description: 'What to log.' }) input: LogRunBatchInput,
    @Ctx() context: ExperimentsContext,
  ): Promise<LogRunBatchPayload> {
    const { runId, parameters, tags } = parseInput(logRunBatchInput, input);
    const points = columnsOf(input.metrics ?? [], new Date());
    const logged = await loggedRun(context, runId);
    const tagsOnly = parameters.length === 0 && points.key.length === 0;
    const counts = await context.mutate(
      {
        ...changeOf(logged, 'logRunBatch', 'update'),
        details: { points: points.key.length, parameters: parameters.length, tags: tags.map(({ key }) => key) },
      },
      async (tx) => {
        const lastStep = points.step.reduce((last, step) => Math.max(last, step), Number.NEGATIVE_INFINITY);
        await openForLogging(tx, runId, {
          tagsOnly,
          byRun: isRunItself(context, runId) && parameters.length === 0,
          lastStep: Number.isFinite(lastStep) ? lastStep : null,
        });
        const saved = {
          parameters: await saveParameters(tx, logged, parameters),
          tags: await saveTags(tx, logged, tags),
          points: await savePoints(tx, logged, points),
        };
        await notify(tx, runId);
        return saved;
      },
    );
    return { run: await context.reads.byId(runs, runId), ...counts };
  }

  @Mutation(() => RunPayload, { description: 'Takes tags off a run; those that it does not have are passed over.' })
  async removeRunTags(
    @Arg('runId', () => ID, { description: 'Run.' }) runId: string,
    @Arg('keys', () => [String], { description: 'Names of the tags.' }) keys: string[],
    @Ctx() context: ExperimentsContext,
  ): Promise<RunPayload> {
    const logged = await loggedRun(context, runId);
    await context.mutate({ ...changeOf(logged, 'removeRunTags', 'update'), details: { keys } }, async (tx) => {
      await openForLogging(tx, runId, { tagsOnly: true });
      await removeTags(tx, runId, keys);
      await notify(tx, runId);
    });
    return { run: await context.reads.byId(runs, runId) };
  }

  @Mutation(() => RunPayload, {
    description: 'Ends a run that you log yourself; nothing but tags is logged after that.',
  })
  async finishRun(
    @Arg('id', () => ID, { description: 'Run.' }) id: string,
    @Arg('state', () => RunEnd, { defaultValue: RunEnd.SUCCEEDED, description: 'How it ended.' })
    state: keyof typeof RunEnd,
    @Arg('error', () => String, { nullable: true, description: 'Why it failed; up to 4,000 characters.' })
    error: string | undefined,
    @Ctx() context: ExperimentsContext,
  ): Promise<RunPayload> {
    const logged = await loggedRun(context, id);
    const reason = error?.slice(0, 4_000) ?? null;
    await context.mutate({ ...changeOf(logged, 'finishRun', 'update'), details: { state, error: reason } }, (tx) =>
      endLoggedRun(tx, id, { state, error: reason }),
    );
    return { run: await context.reads.byId(runs, id) };
  }

  @Mutation(() => RunPayload, {
    description: 'Puts a finished run away: lists and searches leave it out, nothing of it is deleted.',
  })
  archiveRun(
    @Arg('id', () => ID, { description: 'Run.' }) id: string,
    @Ctx() context: ExperimentsContext,
  ): Promise<RunPayload> {
    return putAway(context, id, 'archiveRun');
  }

  @Mutation(() => RunPayload, { description: 'Brings an archived run back.' })
  restoreRun(
    @Arg('id', () => ID, { description: 'Run.' }) id: string,
    @Ctx() context: ExperimentsContext,
  ): Promise<RunPayload> {
    return putAway(context, id, 'restoreRun');
  }

  @Mutation(() => LogRunArtifactPayload, {
    description:
      'Keeps a file with a run, encrypted. A path holds one file for ever: the same bytes again change nothing, others are refused.',
  })
  async logRunArtifact(
    @Arg('input', () => LogRunArtifactInput, { description: 'The file.' }) input: LogRunArtifactInput,
    @Ctx() context: ExperimentsContext,
  ): Promise<LogRunArtifactPayload> {
    const { runId, path, contentType, base64 } = parseInput(artifactInput, input);
    const data = artifactBytes(base64);
    const logged = await loggedRun(context, runId);
    const { workspaceId, zone } = logged;
    // The key is made of the content: a second attempt after a lost answer finds its own bytes there.
    const name = createHash('sha256').update(data).digest('hex');
    await context.mutate(
      {
        ...changeOf(logged, 'logRunArtifact', 'update'),
        details: { path, bytes: data.length, digest: `sha256:${name}` },
        prepare: () =>
          context.platform.vault.put(
            {
              key: `runs/${workspaceId}/${runId}/${name}`,
              workspaceId,
              zone,
              fieldClass: 'sensitive',
              data,
              contentType,
            },
            context.pluginCall(zone),
          ),
      },
      async (tx, _audit, { key, digest, bytes }) => {
        await openForLogging(tx, runId, { byRun: isRunItself(context, runId) });
        const artifact = { workspaceId, zone, runId, path, artifactKey: key, digest, bytes, contentType };
        await saveArtifact(tx, { ...artifact, loggedAt: new Date() });
      },
    );
    const [own] = await artifactsOf(context, [runId]);
    const artifact = own?.find((one) => one.path === path);
    if (!artifact) throw new PlatformError('NOT_FOUND', `No artifact "${path}".`, { details: { path } });
    return { artifact: shownArtifact(artifact) };
  }

  @Query(() => RunArtifactContent, { nullable: true, description: 'A file of a run with its bytes.' })
  async runArtifact(
    @Arg('runId', () => ID, { description: 'Run.' }) runId: string,
    @Arg('path', () => String, { description: 'Path within the run.' }) path: string,
    @Ctx() context: ExperimentsContext,
  ): Promise<RunArtifactContent> {
    const found = await context.reads.required(runs, runId);
    const [own] = found.maskedFields.includes('artifacts') ? [] : await artifactsOf(context, [runId]);
    const artifact = own?.find((one) => one.path === path);
    if (!artifact) throw new PlatformError('NOT_FOUND', `No artifact "${path}".`, { details: { path } });
    const { artifactKey, digest, contentType } = artifact;
    const { workspaceId, zone } = await loggedRun(context, runId);
    await context.services.readers.assert(context.principal, await runData(context, runId));
    // Judged before the bytes are fetched: who may not see them causes no work.
    const shown = context.ability.readsField('RunArtifactContent', 'base64').allowed;
    const data = shown
      ? await context.platform.vault.get(artifactKey, digest, { workspaceId, zone }, context.pluginCall(zone))
      : new Uint8Array();
    const content = { path, digest, contentType, base64: Buffer.from(data).toString('base64') };
    context.shown.own('Run', { id: runId }, content);
    return content;
  }
}

/** Whether the run's own program asks; the parameters of its run are what it was started with. */
const isRunItself = ({ principal }: ExperimentsContext, runId: string): boolean =>
  principal.kind === 'WORKLOAD' && principal.id === runId;

interface FoundRun extends LoggedRun {
  readonly row: Readonly<Record<string, unknown>>;
}

/** A run that the caller may see, with what its logs need. Throws NOT_FOUND. */
async function loggedRun(context: ExperimentsContext, id: string): Promise<FoundRun> {
  const { workspaceId } = context.principal;
  const row = { ...(await context.reads.required(runs, id)), workspaceId };
  const zone = row.zone ?? (await zoneOf(context, id));
  return { id, workspaceId, zone, row: { ...row, zone } };
}

/** Of a run whose zone is withheld from the caller: it still decides where its logs are kept. */
async function zoneOf(context: ExperimentsContext, id: string): Promise<string> {
  const [found] = await context.transaction((tx) => tx.select({ zone: run.zone }).from(run).where(eq(run.id, id)));
  if (!found) throw new PlatformError('NOT_FOUND', 'Run not found.', { details: { type: 'Run' } });
  return found.zone;
}

const changeOf = ({ id, row }: FoundRun, action: string, verb: 'update' | 'archive') => ({
  action,
  noun: 'Run',
  verb,
  subjectId: id,
  row,
});

async function putAway(
  context: ExperimentsContext,
  id: string,
  action: 'archiveRun' | 'restoreRun',
): Promise<RunPayload> {
  const logged = await loggedRun(context, id);
  await context.mutate(changeOf(logged, action, 'archive'), (tx) => setArchived(tx, id, action === 'archiveRun'));
  return { run: await context.reads.byId(runs, id) };
}
