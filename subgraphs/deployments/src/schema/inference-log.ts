// Whether and how inferences are written down, and what was.
import { randomBytes } from 'node:crypto';
import { PlatformError } from '@falaj/runtime';
import { Attribute, type Filter, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { eq, gte, isNotNull, isNull, lt, type SQL } from 'drizzle-orm';
import { Arg, Args, Ctx, Mutation, Resolver, Root } from 'type-graphql';
import { z } from 'zod';
import { inputClasses } from '../domain/inference-log/redaction.js';
import { type EndpointRow, endpoints } from '../store/governed.js';
import { logCounts } from '../store/inference-log-counts.js';
import { rewrapLogKeys } from '../store/inference-log-keys.js';
import {
  type InferenceLogRow,
  type InferenceRecordRow,
  inferenceLogs,
  inferenceRecords,
} from '../store/inference-record-governed.js';
import { keyContext } from '../store/inference-record-settings.js';
import { inferenceLog, inferenceRecord } from '../store/inference-record-tables.js';
import { attributesOf } from './add-revision.js';
import type { DeploymentsContext } from './context.js';
import { Endpoint } from './endpoint-types.js';
import {
  InferenceLog,
  InferenceLogCounts,
  InferenceLogPayload,
  InferenceRecordConnection,
  InferenceRecordFilter,
  LoggedColumn,
  RewrapInferenceLogKeysPayload,
  SetInferenceLogInput,
} from './inference-log-types.js';

const setInput = z.object({
  endpointId: z.string().min(1),
  enabled: z.boolean(),
  sampleRate: z.int().min(1).max(10_000),
  retentionDays: z.int().min(1).max(3_650),
  classes: z.array(z.object({ column: z.string().min(1).max(200), inputClass: z.enum(inputClasses) })).max(1_000),
});

/** Bytes of a key for HMAC-SHA256, RFC 2104: as many as the digest. */
const KEY_BYTES = 32;

const VIEWS = /* GraphQL */ `
  query ViewsOfModel($id: ID!) {
    modelVersion(id: $id) { trainingSet { featureViews { name version categories } } }
  }
`;

interface ViewsAnswer {
  readonly modelVersion: {
    readonly trainingSet: {
      readonly featureViews:
        | readonly {
            readonly name: string | null;
            readonly version: number | null;
            readonly categories: readonly string[] | null;
          }[]
        | null;
    } | null;
  } | null;
}

@Resolver(() => InferenceLog)
export class InferenceLogResolver {
  @Attribute(() => [LoggedColumn], 'internal', 'Classes that were declared.')
  classes(
    @Root() row: InferenceLogRow & { readonly classes: InferenceLogRow['classes'] | null },
  ): LoggedColumn[] | null {
    return row.classes && Object.entries(row.classes).map(([column, inputClass]) => ({ column, inputClass }));
  }

  @Attribute(() => InferenceLogCounts, 'internal', 'What became of the inferences.')
  counts(@Root() row: InferenceLogRow, @Ctx() context: DeploymentsContext): Promise<InferenceLogCounts> {
    return context.load('InferenceLogCounts by endpoint', row.id, (ids) =>
      context.transaction((tx) => logCounts(tx, ids)),
    );
  }

  @Mutation(() => InferenceLogPayload, {
    description:
      'Sets whether and how the inferences of an endpoint are written down, from now on, in every process. Personal inputs are kept as keyed digests, stricter ones not at all.',
  })
  async setInferenceLog(
    @Arg('input', () => SetInferenceLogInput, { description: 'The settings.' }) input: SetInferenceLogInput,
    @Ctx() context: DeploymentsContext,
  ): Promise<InferenceLogPayload> {
    const { endpointId, classes: declared, ...wanted } = parseInput(setInput, input);
    const { logSettings } = context.services;
    const row = await context.reads.required(endpoints, endpointId);
    const { zone } = row;
    if (zone === null) throw new PlatformError('FORBIDDEN', 'The zone of the endpoint is withheld from you.');
    const classes = Object.fromEntries(declared.map(({ column, inputClass }) => [column, inputClass]));
    await context.mutate(
      {
        action: 'setInferenceLog',
        noun: 'Endpoint',
        verb: 'update',
        row: attributesOf(context, row),
        subjectId: endpointId,
        details: { ...wanted, classes },
        prepare: async () => ({
          viewCategories: await viewCategories(context, row.modelVersionId),
          wrappedKey: await newKey(context, endpointId, zone),
        }),
      },
      async (tx, _audit, { viewCategories, wrappedKey }) => {
        const values = { ...wanted, classes, viewCategories, updatedAt: new Date() };
        await tx
          .insert(inferenceLog)
          .values({ ...context.ownership, ...values, zone, endpointId, wrappedKey })
          // The key stays, so that digests of before and after can be joined.
          .onConflictDoUpdate({ target: inferenceLog.endpointId, set: { ...values, ...context.ownership } });
        await logSettings.announce(tx, endpointId);
      },
    );
    await logSettings.refresh(endpointId);
    return { inferenceLog: await context.reads.byId(inferenceLogs, endpointId) };
  }

  @Mutation(() => RewrapInferenceLogKeysPayload, {
    description:
      'Moves the keys of inference logs of a zone under its current key. For the rotation of that key; digests stay what they are.',
  })
  async rewrapInferenceLogKeys(
    @Arg('zone', () => String, { description: 'Zone.' }) zone: string,
    @Arg('keyId', () => String, { description: 'Current key of the zone.' }) keyId: string,
    @Ctx() context: DeploymentsContext,
  ): Promise<RewrapInferenceLogKeysPayload> {
    const { workspaceId } = context.principal;
    const rewrapped = await context.mutate(
      {
        action: 'rewrapInferenceLogKeys',
        noun: 'InferenceLog',
        verb: 'rewrap',
        row: { workspaceId, zone },
        details: { zone, keyId },
      },
      (tx, audit) => {
        audit.subject(zone);
        return rewrapLogKeys(tx, context.platform.plugins.get('keys'), context.pluginCall(zone), keyId);
      },
    );
    return { rewrapped };
  }
}

/** What the caller may not see is missing: such a view has the categories of its model, the strictest there are. */
async function viewCategories(
  context: DeploymentsContext,
  modelVersionId: string | null,
): Promise<Readonly<Record<string, readonly string[]>>> {
  if (modelVersionId === null) return {};
  const { modelVersion } = await context.platform.graph.query<ViewsAnswer>(
    VIEWS,
    { id: modelVersionId },
    context.request,
  );
  const views = modelVersion?.trainingSet?.featureViews ?? [];
  return Object.fromEntries(
    views.flatMap(({ name, version, categories }) => (categories ? [[`${name}/${version}`, categories] as const] : [])),
  );
}

async function newKey(context: DeploymentsContext, endpointId: string, zone: string) {
  const { keyId, ciphertext } = await context.platform.plugins.get('keys').wrap(
    {
      keyRef: `${context.principal.workspaceId}/${zone}`,
      key: randomBytes(KEY_BYTES),
      context: keyContext(endpointId),
    },
    context.pluginCall(zone),
  );
  return { keyId, ciphertext: Buffer.from(ciphertext).toString('base64') };
}

@Resolver(() => Endpoint)
export class EndpointInferencesResolver {
  @Attribute(() => InferenceLog, 'internal', 'How its inferences are written down; null where they are not.')
  inferenceLog(@Root() row: EndpointRow, @Ctx() context: DeploymentsContext): Promise<unknown> {
    return context.load('InferenceLog by endpoint', row.id, (ids) => context.reads.byIds(inferenceLogs, ids));
  }

  @Attribute(() => InferenceRecordConnection, 'internal', 'Its inferences that were written down, newest first.')
  inferenceRecords(
    @Root() row: EndpointRow,
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => InferenceRecordFilter, { nullable: true, description: 'Restriction.' })
    filter: InferenceRecordFilter | undefined,
    @Ctx() context: DeploymentsContext,
  ) {
    const wanted = (
      field: Filter<InferenceRecordRow>['field'],
      condition: SQL | undefined,
    ): Filter<InferenceRecordRow>[] => (condition ? [{ field, condition }] : []);
    const { variant, modelVersion, atSince, atUntil, errorCode } = filter ?? {};
    return context.reads.page(inferenceRecords, {
      ...page,
      where: eq(inferenceRecord.endpointId, row.id),
      filters: [
        ...wanted('variant', variant == null ? undefined : eq(inferenceRecord.variant, variant)),
        ...wanted('modelVersion', modelVersion == null ? undefined : eq(inferenceRecord.modelVersion, modelVersion)),
        ...wanted('at', atSince ? gte(inferenceRecord.at, atSince) : undefined),
        ...wanted('at', atUntil ? lt(inferenceRecord.at, atUntil) : undefined),
        ...wanted('errorCode', errorCode == null ? undefined : withCode(errorCode)),
      ],
    });
  }
}

function withCode(code: string): SQL {
  if (code === '*') return isNotNull(inferenceRecord.errorCode);
  return code === '-' ? isNull(inferenceRecord.errorCode) : eq(inferenceRecord.errorCode, code);
}
