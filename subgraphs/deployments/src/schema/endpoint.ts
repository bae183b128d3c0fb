import { Attribute, type Connection, newId, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import { Arg, Args, Ctx, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { z } from 'zod';
import { deploying, permitOf } from '../store/deploy.js';
import { type EndpointRevisionRow, type EndpointRow, endpointRevisions, endpoints } from '../store/governed.js';
import { assertUnsplit } from '../store/rollout-writes.js';
import { endpoint, endpointRevision } from '../store/tables.js';
import { activateRevision, insertEndpoint, retireEndpoint } from '../store/writes.js';
import { addRevisionTo, attributesOf } from './add-revision.js';
import type { DeploymentsContext, Relation } from './context.js';
import {
  CreateEndpointInput,
  Endpoint,
  EndpointConnection,
  EndpointFilter,
  EndpointPayload,
  EndpointRevision,
  EndpointRevisionConnection,
  ModelVersion,
  UpdateEndpointInput,
} from './endpoint-types.js';

const createInput = z.object({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'expected a lower-case letter, then up to 62 of a-z, 0-9 and -'),
  modelVersionId: z.string().min(1),
  zone: z.string().regex(/^[A-Z]{2}(-[A-Z0-9]+)?$/, 'expected a zone such as AE, AE-DIFC or an ISO country'),
});

@Resolver(() => Endpoint)
export class EndpointResolver {
  @Query(() => Endpoint, { nullable: true, description: 'An endpoint by id.' })
  endpoint(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: DeploymentsContext) {
    return context.reads.required(endpoints, id);
  }

  @Query(() => EndpointConnection, { description: 'Endpoints, newest first.' })
  endpoints(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => EndpointFilter, { nullable: true, description: 'Restriction.' }) filter:
      | EndpointFilter
      | undefined,
    @Ctx() context: DeploymentsContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(endpoints, {
      ...page,
      filters: [
        ...(filter?.state ? [{ field: 'state' as const, condition: eq(endpoint.state, filter.state as never) }] : []),
        ...(filter?.zone ? [{ field: 'zone' as const, condition: eq(endpoint.zone, filter.zone) }] : []),
        ...(filter?.name ? [{ field: 'name' as const, condition: eq(endpoint.name, filter.name) }] : []),
      ],
    });
  }

  @Attribute(() => ModelVersion, 'internal', 'Model version of the live revision.')
  modelVersion(@Root() row: EndpointRow): Relation<ModelVersion> | null {
    return row.modelVersionId ? { id: row.modelVersionId } : null;
  }

  @Attribute(() => String, 'internal', 'Path of the Open Inference Protocol v2.')
  inferencePath(@Root() row: EndpointRow): string | null {
    return row.name ? `/v2/models/${row.name}` : null;
  }

  @Attribute(() => EndpointRevisionConnection, 'internal', 'Revisions, newest first.')
  revisions(
    @Root() row: EndpointRow,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: DeploymentsContext,
  ) {
    return context.children(endpointRevisions, endpointRevision.endpointId, row.id, page);
  }

  @Mutation(() => EndpointPayload, {
    description:
      'Deploys a model version: residency and compliance are checked, the digest is verified, the model is loaded; all or nothing.',
  })
  async createEndpoint(
    @Arg('input', () => CreateEndpointInput, { description: 'What to deploy.' }) input: CreateEndpointInput,
    @Ctx() context: DeploymentsContext,
  ): Promise<EndpointPayload> {
    const { name, modelVersionId, zone } = parseInput(createInput, input);
    const id = newId('ep');
    await deploying(context, { id, name, zone, isNew: true }, modelVersionId, (prepare) =>
      context
        .mutate(
          {
            action: 'createEndpoint',
            noun: 'Endpoint',
            verb: 'create',
            subjectId: id,
            details: { name, modelVersionId, zone },
            prepare,
          },
          async (tx, audit, deployment) => {
            await insertEndpoint(tx, { id, ...context.ownership, name, zone }, deployment);
            audit.subject(id, permitOf(deployment));
            await context.services.routes.announce(tx, id);
            return deployment;
          },
        )
        .then(({ loaded }) => context.services.host.adopt(id, 1, loaded)),
    );
    await context.services.routes.refresh(id);
    return { endpoint: await context.reads.byId(endpoints, id) };
  }

  @Mutation(() => EndpointPayload, {
    description: 'Replaces the model version of an endpoint by a new revision; no request fails meanwhile.',
  })
  async updateEndpoint(
    @Arg('input', () => UpdateEndpointInput, { description: 'What to serve.' }) input: UpdateEndpointInput,
    @Ctx() context: DeploymentsContext,
  ): Promise<EndpointPayload> {
    await addRevisionTo(context, 'updateEndpoint', input, async (tx, record, revision, deployment) => {
      await assertUnsplit(tx, record.id);
      await activateRevision(tx, record, revision, deployment, 'DEPLOYED', context.principal.id);
    });
    return { endpoint: await context.reads.byId(endpoints, input.endpointId) };
  }

  @Mutation(() => EndpointPayload, {
    description: 'Retires an endpoint: it stops answering, its record and revisions stay.',
  })
  async deleteEndpoint(
    @Arg('id', () => ID, { description: 'Endpoint.' }) id: string,
    @Ctx() context: DeploymentsContext,
  ): Promise<EndpointPayload> {
    const row = await context.reads.required(endpoints, id);
    await context.mutate(
      { action: 'deleteEndpoint', noun: 'Endpoint', verb: 'delete', row: attributesOf(context, row), subjectId: id },
      async (tx) => {
        await retireEndpoint(tx, id);
        await context.services.routes.announce(tx, id);
      },
    );
    await context.services.routes.refresh(id);
    return { endpoint: await context.reads.byId(endpoints, id) };
  }
}

@Resolver(() => EndpointRevision)
export class EndpointRevisionResolver {
  @Attribute(() => ModelVersion, 'internal', 'Model version that it served.')
  modelVersion(@Root() row: EndpointRevisionRow): Relation<ModelVersion> | null {
    return row.modelVersionId ? { id: row.modelVersionId } : null;
  }
}

@Resolver(() => ModelVersion)
export class ModelVersionEndpointsResolver {
  @Attribute(() => EndpointConnection, 'internal', 'Endpoints whose live revision serves it, newest first.')
  endpoints(
    @Root() version: ModelVersion,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: DeploymentsContext,
  ) {
    return context.children(endpoints, endpoint.modelVersionId, version.id, page);
  }
}
