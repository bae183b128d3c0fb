// Facts of the process itself: plugins, keys, sealed artifacts, and how far the policy covers the schema.
import type { Principal } from '@falaj/runtime';
import { Kind, parse } from 'graphql';
import { coverageOf } from '../../policy/coverage.js';
import type { GovernanceContext } from '../../schema/context.js';
import type { ProbedVersion } from './graph-facts.js';

/** Versions whose bytes are opened: all that are served, then the newest, so many at most. */
const SAMPLE = 5;

export async function artifactFacts(context: GovernanceContext, versions: readonly ProbedVersion[]) {
  const sample = [...versions].sort((a, b) => Number(b.served) - Number(a.served)).slice(0, SAMPLE);
  const { workspaceId } = context.principal;
  const found = [];
  for (const { id, artifactKey, digest, zone } of sample) {
    const open = (at: string) =>
      context.platform.vault.probe(artifactKey, digest, { workspaceId, zone: at }, context.pluginCall(at));
    const problem = await open(zone);
    found.push({
      key: id,
      zone,
      opened: problem === null,
      elsewhereRefused: (await open(zone === 'AE' ? 'AE-DIFC' : 'AE')) !== null,
      detail: problem ?? 'opened',
    });
  }
  return found;
}

/** The current key of each of the zones, in all of which something was sealed. */
export async function keyFacts(context: GovernanceContext, zones: readonly string[]) {
  const keys = context.platform.plugins.get('keys');
  const found = [];
  for (const zone of zones) {
    const keyRef = `${context.principal.workspaceId}/${zone}`;
    const { keyId, createdAt, protection } = await keys.describe({ keyRef }, context.pluginCall(zone));
    found.push({ keyId, createdAt: new Date(createdAt).toISOString(), protection });
  }
  return found;
}

export const pluginFacts = (context: GovernanceContext) =>
  context.platform.plugins.list().map(({ kind, name, egress, egressZones, state }) => ({
    kind,
    name,
    egress: [...egress],
    ...(egressZones ? { egressZones: [...egressZones] } : {}),
    state,
  }));

export async function coverageFacts(context: GovernanceContext) {
  return (await context.services.describe()).map(({ name, sdl }) => {
    const { fields, holes } = coverageOf(name, sdl);
    return { subgraph: name, fields, holes: [...holes], nonNull: nonNullFields(sdl) };
  });
}

const ROOTS = new Set(['Query', 'Mutation', 'Subscription']);

/** `Type.field` of fields that may be masked and are declared non-null. */
function nonNullFields(sdl: string): string[] {
  return parse(sdl, { noLocation: true }).definitions.flatMap((definition) =>
    (definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.OBJECT_TYPE_EXTENSION) &&
    !ROOTS.has(definition.name.value)
      ? (definition.fields ?? [])
          .filter(
            ({ type, directives }) =>
              type.kind === Kind.NON_NULL_TYPE &&
              directives?.some(
                (directive) =>
                  directive.name.value === 'fieldPolicy' &&
                  directive.arguments?.some(({ value }) => value.kind === Kind.ENUM && value.value !== 'OPEN'),
              ),
          )
          .map((field) => `${definition.name.value}.${field.name.value}`)
      : [],
  );
}

/** Asks the policy, as somebody without a role and as a viewer, for every personal and secret field of a stranger's row. */
export async function canaryFacts(context: GovernanceContext, zones: readonly string[]) {
  const fields = (await context.services.describe()).flatMap(({ nouns }) =>
    nouns.flatMap((noun) =>
      Object.entries(noun.fields)
        .filter(([, fieldClass]) => fieldClass === 'pii' || fieldClass === 'secret')
        .map(([field]) => ({ noun: noun.name, field })),
    ),
  );
  const exposed: string[] = [];
  for (const role of [null, 'viewer']) {
    const canary: Principal = {
      id: 'canary',
      kind: 'USER',
      name: 'canary',
      workspaceId: context.principal.workspaceId,
      roles: role ? [role] : [],
      zone: zones[0] ?? '',
      zones,
    };
    const ability = await context.platform.abilityFor(canary);
    for (const { noun, field } of fields) {
      if (ability.can('read', noun, {}, field)) exposed.push(`${noun}.${field} to ${role ?? 'no role'}`);
    }
  }
  return { asked: fields.length * 2, exposed };
}
