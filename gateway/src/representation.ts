// What an entity is asked for by: its type and the key fields that the plan requires.
import type { RequiresSelection } from '@graphql-hive/router-query-planner';

type Entity = Record<string, unknown>;

/** Undefined if the entity has no type or lacks the keys; `identity` is equal where the representations are. */
export type Representation = (entity: Entity) => { representation: Entity; identity: string } | undefined;

/** Undefined where the requirement holds more than fields of object types. */
export function compileRepresentation(requires: readonly RequiresSelection[]): Representation | undefined {
  const byType = new Map<string, readonly RequiresSelection[]>();
  for (const selection of requires) {
    if (selection.kind !== 'InlineFragment' || selection.skipIf || selection.includeIf) return undefined;
    if (!selection.selections.every(plainField)) return undefined;
    byType.set(selection.typeCondition, [...(byType.get(selection.typeCondition) ?? []), ...selection.selections]);
  }
  return (entity) => {
    const type = entity.__typename;
    const selections = typeof type === 'string' ? byType.get(type) : undefined;
    if (!selections) return undefined;
    const representation = project(selections, entity);
    if (!representation) return undefined;
    representation.__typename = type;
    return { representation, identity: JSON.stringify(representation) };
  };
}

const plainField = (selection: RequiresSelection): boolean =>
  selection.kind === 'Field' && (selection.selections ?? []).every(plainField);

/** The selected fields that are not null; undefined if there is none but the type's name. */
function project(selections: readonly RequiresSelection[], entity: Entity): Entity | undefined {
  const projected: Entity = {};
  let keys = 0;
  for (const selection of selections) {
    if (selection.kind !== 'Field') continue;
    const { name, alias = name, selections: inner } = selection;
    const found = entity[name] === undefined ? entity[alias] : entity[name];
    const value = inner ? projectEach(inner, found) : found;
    if (value === undefined || value === null) continue;
    projected[alias] = value;
    if (alias !== '__typename') keys += 1;
  }
  return keys > 0 ? projected : undefined;
}

function projectEach(selections: readonly RequiresSelection[], found: unknown): unknown {
  if (Array.isArray(found)) return found.map((item) => projectEach(selections, item));
  return typeof found === 'object' && found !== null ? project(selections, found as Entity) : found;
}
