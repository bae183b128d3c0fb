// What the erasure of a data subject does, through the graph and tables.
import { recordAudit } from '@falaj/audit';
import type { WrappedKey } from '@falaj/contracts';
import type { Tx } from '@falaj/database';
import { PlatformError, type Principal } from '@falaj/runtime';
import type { Platform, RequestContext } from '@falaj/subgraph-kit';
import { and, eq, sql } from 'drizzle-orm';
import type {
  ErasurePorts,
  Holdings,
  InferenceErasure,
  LearnedModel,
  Lineage,
} from '../../domain/keys/erase-subject.js';
import type { Place } from '../../domain/keys/rotate-key.js';
import { subjectErasure } from './tables.js';

const PROGRAM = { id: 'subject-erasure', name: 'subject erasure' } as const;

const INFERENCES = /* GraphQL */ `
  mutation EraseInferenceSubject($input: EraseInferenceSubjectInput!) {
    eraseInferenceSubject(input: $input) { keyDestroyed records studyRows }
  }
`;
const LEAVE_OUT = /* GraphQL */ `
  mutation LeaveOutSubject($input: LeaveOutSubjectInput!) {
    leaveOutSubject(input: $input) { featureViewIds trainingSetIds sources }
  }
`;
const VIEW = /* GraphQL */ `
  mutation EraseSubjectFromFeatureView($input: EraseSubjectRowsInput!) {
    eraseSubjectFromFeatureView(input: $input) { onlineRows }
  }
`;
const SET = /* GraphQL */ `
  mutation EraseSubjectFromTrainingSet($input: EraseSubjectRowsInput!) {
    eraseSubjectFromTrainingSet(input: $input) { rowsRemoved }
  }
`;
const VERSIONS = /* GraphQL */ `
  query VersionsThatLearned($after: String) {
    modelVersions(first: 200, after: $after) {
      edges { node { id modelName version categories trainingSetId } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;
const RUNS = /* GraphQL */ `
  query RunsOfTrainingSet($set: ID!, $after: String) {
    runs(first: 200, after: $after, filter: { trainingSetId: $set }) {
      edges { node { id artifacts { path } } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;

interface Page<Node> {
  readonly edges: readonly { readonly node: Node }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}
interface Version {
  readonly id: string;
  readonly modelName: string | null;
  readonly version: number | null;
  readonly categories: readonly string[] | null;
  readonly trainingSetId: string | null;
}

interface Stored {
  readonly keyId: string;
  readonly ciphertext: string;
}
const contextOf = (erasureId: string): string => `subject-erasure/${erasureId}`;
const asWrapped = ({ keyId, ciphertext }: Stored): WrappedKey => ({
  keyId,
  ciphertext: Buffer.from(ciphertext, 'base64'),
});
const asStored = ({ keyId, ciphertext }: WrappedKey): Stored => ({
  keyId,
  ciphertext: Buffer.from(ciphertext).toString('base64'),
});

/** Whom an erasure is about, sealed as a key is: only the key store opens it, and only while the erasure runs. */
export async function wrapSubject({ plugins }: Platform, place: Place, erasureId: string, subject: string) {
  const keyRef = `${place.workspaceId}/${place.zone}`;
  const key = new TextEncoder().encode(subject);
  return asStored(
    await plugins.get('keys').wrap({ keyRef, key, context: contextOf(erasureId) }, plugins.call(PROGRAM, place)),
  );
}

async function unwrapSubject({ plugins }: Platform, place: Place, erasureId: string, wrapped: Stored): Promise<string> {
  const opened = await plugins
    .get('keys')
    .unwrap({ wrapped: asWrapped(wrapped), context: contextOf(erasureId) }, plugins.call(PROGRAM, place));
  return new TextDecoder().decode(opened);
}

/** The erasure of this subject that runs, if one does. Until the transaction ends no other begins in the workspace. */
export async function runningErasure(platform: Platform, tx: Tx, workspaceId: string, subject: string) {
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`governance.subject_erasure ${workspaceId}`}, 0))`,
  );
  const running = await tx
    .select()
    .from(subjectErasure)
    .where(and(eq(subjectErasure.workspaceId, workspaceId), eq(subjectErasure.state, 'RUNNING')));
  for (const { id, zones, wrappedSubject } of running) {
    const place = { workspaceId, zone: zones[0] as string };
    if (wrappedSubject && (await unwrapSubject(platform, place, id, wrappedSubject)) === subject) return id;
  }
  return null;
}

/** Moves what running erasures are about under the current version of the zone's key; answers how many. */
export async function rewrapErasures(platform: Platform, tx: Tx, { workspaceId, zone }: Place, keyId: string) {
  const { plugins } = platform;
  const running = await tx
    .select()
    .from(subjectErasure)
    .where(and(eq(subjectErasure.workspaceId, workspaceId), eq(subjectErasure.state, 'RUNNING')))
    .for('update');
  const own = running.filter(({ zones, wrappedSubject }) => zones[0] === zone && wrappedSubject?.keyId !== keyId);
  for (const { id, wrappedSubject } of own) {
    const wrapped = asWrapped(wrappedSubject as Stored);
    const call = plugins.call(PROGRAM, { workspaceId, zone });
    const moved = await plugins.get('keys').rewrap({ wrapped, context: contextOf(id) }, call);
    await tx
      .update(subjectErasure)
      .set({ wrappedSubject: asStored(moved) })
      .where(eq(subjectErasure.id, id));
  }
  return own.length;
}

export function erasurePorts(platform: Platform): ErasurePorts<Tx> {
  const { database, graph } = platform;
  const subjectOf = async (workspaceId: string, erasureId: string): Promise<string> => {
    const [row] = await database.asSystem((tx) =>
      tx.select().from(subjectErasure).where(eq(subjectErasure.id, erasureId)),
    );
    if (!row?.wrappedSubject)
      throw new PlatformError('INTERNAL', `Erasure ${erasureId} does not say whom it is about.`);
    return unwrapSubject(platform, { workspaceId, zone: row.zones[0] as string }, erasureId, row.wrappedSubject);
  };
  const request = (
    { workspaceId, zones }: { workspaceId: string; zones: readonly string[] },
    roles: Principal['roles'],
    erasureId: string,
    signal: AbortSignal,
  ): RequestContext => ({
    principal: { ...PROGRAM, kind: 'SERVICE', workspaceId, roles, zone: zones[0] as string, zones },
    requestId: erasureId,
    traceparent: '',
    signal,
  });
  const change = async <T>(
    document: string,
    { workspaceId, zone }: Place,
    erasureId: string,
    signal: AbortSignal,
    input: Readonly<Record<string, unknown>>,
  ): Promise<T> => {
    const subject = await subjectOf(workspaceId, erasureId);
    return graph.query<T>(
      document,
      { input: { ...input, subject, erasureId } },
      request({ workspaceId, zones: [zone] }, ['service'], erasureId, signal),
    );
  };
  const everything = async <Node>(
    document: string,
    field: string,
    variables: Readonly<Record<string, unknown>>,
    context: RequestContext,
  ): Promise<Node[]> => {
    const nodes: Node[] = [];
    for (let after: string | null = null; ; ) {
      const answer: Record<string, Page<Node>> = await graph.query(document, { ...variables, after }, context);
      const page = answer[field] as Page<Node>;
      nodes.push(...page.edges.map(({ node }) => node));
      if (!page.pageInfo.hasNextPage) return nodes;
      after = page.pageInfo.endCursor;
    }
  };
  return {
    eraseInferences: async (place, { erasureId }, signal) => {
      const { zone } = place;
      const answer = await change<{ eraseInferenceSubject: InferenceErasure }>(INFERENCES, place, erasureId, signal, {
        zone,
      });
      return answer.eraseInferenceSubject;
    },
    leaveOut: async (place, { erasureId }, signal) => {
      const { zone } = place;
      const answer = await change<{ leaveOutSubject: Holdings }>(LEAVE_OUT, place, erasureId, signal, { zone });
      return answer.leaveOutSubject;
    },
    eraseFromView: async (place, { erasureId }, id, signal) => {
      type Answer = { eraseSubjectFromFeatureView: { onlineRows: number } };
      return (await change<Answer>(VIEW, place, erasureId, signal, { id })).eraseSubjectFromFeatureView.onlineRows;
    },
    eraseFromSet: async (place, { erasureId }, id, signal) => {
      type Answer = { eraseSubjectFromTrainingSet: { rowsRemoved: number } };
      return (await change<Answer>(SET, place, erasureId, signal, { id })).eraseSubjectFromTrainingSet.rowsRemoved;
    },
    async lineage(workspaceId, { erasureId, zones }, { held, looked }, signal): Promise<Lineage> {
      // `approver` is needed for what versions learned from.
      const reader = request({ workspaceId, zones }, ['auditor', 'approver'], erasureId, signal);
      const versions = await everything<Version>(VERSIONS, 'modelVersions', {}, reader);
      const models = versions.flatMap(({ id, modelName, version, categories, trainingSetId }): LearnedModel[] => {
        const known = trainingSetId !== null && looked.includes(trainingSetId);
        if (known && !held.includes(trainingSetId)) return [];
        // What cannot be read counts as personal.
        const learned = known ? 'YES' : 'PERHAPS';
        if (!known && (categories ?? ['unknown']).every((category) => category === 'none')) return [];
        return [{ id, name: modelName ?? '', version: version ?? 0, categories: categories ?? ['unknown'], learned }];
      });
      const runs = [];
      for (const set of held) {
        type Node = { readonly id: string; readonly artifacts: readonly unknown[] | null };
        for (const { id, artifacts } of await everything<Node>(RUNS, 'runs', { set }, reader)) {
          if (artifacts && artifacts.length > 0) runs.push({ id, artifacts: artifacts.length });
        }
      }
      return { models, runs };
    },
    async note(tx, { erasureId }, report) {
      await tx.update(subjectErasure).set(report).where(eq(subjectErasure.id, erasureId));
    },
    async ended(tx, { input, workspaceId, state, error, principalId }) {
      const succeeded = state === 'SUCCEEDED';
      const [row] = await tx
        .update(subjectErasure)
        .set({
          state: succeeded ? 'SUCCEEDED' : 'FAILED',
          endedAt: new Date(),
          error: succeeded ? null : (error?.message ?? state),
          wrappedSubject: null,
        })
        .where(eq(subjectErasure.id, input.erasureId))
        .returning();
      await recordAudit(tx, {
        workspaceId,
        actorId: principalId,
        actorKind: 'USER',
        action: 'completeSubjectErasure',
        subjectType: 'SubjectErasure',
        subjectId: input.erasureId,
        outcome: succeeded ? 'SUCCEEDED' : 'FAILED',
        reason: error?.code ?? null,
        requestId: input.erasureId,
        traceId: null,
        policyVersion: await platform.policyVersion(workspaceId),
        details: {
          keysDestroyed: row?.keysDestroyed ?? 0,
          records: row?.records ?? 0,
          studyRows: row?.studyRows ?? 0,
          parts: row?.stores.length ?? 0,
          models: row?.models.length ?? 0,
        },
      });
    },
  };
}
