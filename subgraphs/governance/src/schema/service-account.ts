import { type Connection, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import { Arg, Args, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { serviceKeyInput, workloadInput } from '../domain/identity-input.js';
import { serviceKeys, workloadIdentities } from '../store/governed.js';
import { serviceKey, workloadIdentity } from '../store/tables.js';
import type { GovernanceContext } from './context.js';
import {
  BindWorkloadIdentityInput,
  RegisterServiceKeyInput,
  RevokeServiceKeyInput,
  ServiceKeyConnection,
  ServiceKeyFilter,
  ServiceKeyPayload,
  UnbindWorkloadIdentityInput,
  WorkloadIdentityConnection,
  WorkloadIdentityFilter,
  WorkloadIdentityPayload,
} from './service-account-types.js';

@Resolver()
export class ServiceAccountResolver {
  @Query(() => ServiceKeyConnection, {
    description: 'Keys of services of the workspace, revoked ones included, newest first.',
  })
  serviceKeys(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => ServiceKeyFilter, { nullable: true, description: 'Restriction.' }) filter:
      | ServiceKeyFilter
      | undefined,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(serviceKeys, {
      ...page,
      filters: filter?.principalId
        ? [{ field: 'principalId' as const, condition: eq(serviceKey.principalId, filter.principalId) }]
        : [],
    });
  }

  @Query(() => WorkloadIdentityConnection, {
    description: 'Workloads of services of the workspace, unbound ones included, newest first.',
  })
  workloadIdentities(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => WorkloadIdentityFilter, { nullable: true, description: 'Restriction.' }) filter:
      | WorkloadIdentityFilter
      | undefined,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    return context.reads.page(workloadIdentities, {
      ...page,
      filters: filter?.principalId
        ? [{ field: 'principalId' as const, condition: eq(workloadIdentity.principalId, filter.principalId) }]
        : [],
    });
  }

  @Mutation(() => ServiceKeyPayload, {
    description: 'Registers a public key with which a service asks the token endpoint for tokens (private_key_jwt).',
  })
  async registerServiceKey(
    @Arg('input', () => RegisterServiceKeyInput, { description: 'Whose key, and for how long.' })
    input: RegisterServiceKeyInput,
    @Ctx() context: GovernanceContext,
  ): Promise<ServiceKeyPayload> {
    const wanted = parseInput(serviceKeyInput, input);
    const made = await context.mutate(
      { action: 'registerServiceKey', noun: 'ServiceKey', verb: 'register' },
      async (tx, audit) => {
        const registered = await context.services.directory.registerServiceKey(tx, {
          ...wanted,
          by: context.principal.id,
        });
        audit.subject(registered.id, {
          principalId: wanted.principalId,
          keyId: registered.keyId,
          expiresAt: wanted.expiresAt.toISOString(),
        });
        return registered;
      },
    );
    return { serviceKey: await context.reads.byId(serviceKeys, made.id) };
  }

  @Mutation(() => ServiceKeyPayload, {
    description: 'The key opens nothing more, and every token of its service ends at once.',
  })
  async revokeServiceKey(
    @Arg('input', () => RevokeServiceKeyInput, { description: 'Which key.' }) {
      serviceKeyId: id,
    }: RevokeServiceKeyInput,
    @Ctx() context: GovernanceContext,
  ): Promise<ServiceKeyPayload> {
    await context.mutate({ action: 'revokeServiceKey', noun: 'ServiceKey', verb: 'revoke', subjectId: id }, (tx) =>
      context.services.directory.revokeServiceKey(tx, { id, by: context.principal.id }),
    );
    return { serviceKey: await context.reads.byId(serviceKeys, id) };
  }

  @Mutation(() => WorkloadIdentityPayload, {
    description: 'Lets a workload exchange the token of the place it runs in for one of a service (RFC 8693).',
  })
  async bindWorkloadIdentity(
    @Arg('input', () => BindWorkloadIdentityInput, { description: 'Which workload is which service.' })
    input: BindWorkloadIdentityInput,
    @Ctx() context: GovernanceContext,
  ): Promise<WorkloadIdentityPayload> {
    const wanted = parseInput(workloadInput, input);
    const made = await context.mutate(
      { action: 'bindWorkloadIdentity', noun: 'WorkloadIdentity', verb: 'bind', details: { ...wanted } },
      async (tx, audit) => {
        const bound = await context.services.directory.bindWorkloadIdentity(tx, {
          ...wanted,
          by: context.principal.id,
        });
        audit.subject(bound.id);
        return bound;
      },
    );
    return { workloadIdentity: await context.reads.byId(workloadIdentities, made.id) };
  }

  @Mutation(() => WorkloadIdentityPayload, {
    description: 'The workload is the service no more, and every token of the service ends at once.',
  })
  async unbindWorkloadIdentity(
    @Arg('input', () => UnbindWorkloadIdentityInput, { description: 'Which binding.' }) {
      workloadIdentityId: id,
    }: UnbindWorkloadIdentityInput,
    @Ctx() context: GovernanceContext,
  ): Promise<WorkloadIdentityPayload> {
    await context.mutate(
      { action: 'unbindWorkloadIdentity', noun: 'WorkloadIdentity', verb: 'unbind', subjectId: id },
      (tx) => context.services.directory.unbindWorkloadIdentity(tx, { id, by: context.principal.id }),
    );
    return { workloadIdentity: await context.reads.byId(workloadIdentities, id) };
  }
}
