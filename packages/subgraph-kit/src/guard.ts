// The second look at every field: rows of governed tables were masked in SQL, everything else is judged here by type.
import type { FieldClass } from '@falaj/policy';
import { PlatformError } from '@falaj/runtime';
import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
} from 'graphql';
import type { SubgraphContext } from './context.js';
import { isGoverned } from './reads.js';
import { isLogged, type LoggedFields, objectTypesOf, typesWithLoggedParts } from './shown.js';

export type ClassOf = (type: string, field: string) => FieldClass | undefined;

const FEDERATION_TYPES = new Set(['_Service', '_Entity', '_Any']);

/**
 * Wraps the resolvers of object types (never interfaces: directives are not inherited):
 * - a field that yields a governed type lets out only rows that were read through the policy;
 * - a computed field of a governed row is null when the row's mask names it;
 * - a field of any other type is null when the principal may not read that field of that type;
 * - a mutation that wrote no audit record is an error;
 * - what is shown of logged fields is noted: of rows as they go out, of values as their fields are resolved.
 */
export function guardSchema(schema: GraphQLSchema, governed: ReadonlySet<string>, classOf: ClassOf): void {
  const entities = new Set(objectTypesOf(schema, schema.getType('_Entity') as GraphQLOutputType));
  const parts = typesWithLoggedParts(
    schema,
    (type) => !governed.has(type) && !entities.has(type),
    loggedFieldsOf(schema, classOf),
  );
  const mutation = schema.getMutationType();
  const roots = new Set([schema.getQueryType(), mutation, schema.getSubscriptionType()]);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__') || FEDERATION_TYPES.has(type.name)) continue;
    for (const field of Object.values(type.getFields())) {
      if (type === mutation) guardMutation(field);
      else if (!roots.has(type)) guardField(type, field, governed, classOf(type.name, field.name));
      const target = getNamedType(field.type).name;
      if (governed.has(target)) guardResult(type, field, target);
      if (!roots.has(type) && objectTypesOf(schema, field.type).some((name) => parts.has(name))) noteParts(type, field);
      if (type.name.endsWith('Connection') && field.name === 'totalCount') {
        field.resolve = (parent: { totalCount: () => Promise<number> }) => parent.totalCount();
      }
    }
  }
}

function guardMutation(field: GraphQLField<unknown, SubgraphContext>): void {
  const resolve = field.resolve ?? defaultFieldResolver;
  field.resolve = async (source, args, context, info) => {
    const result = await resolve(source, args, context, info);
    if (!context.audited.has(field.name)) {
      throw new PlatformError('INTERNAL', `Mutation ${field.name} changed state without an audit record.`);
    }
    return result;
  };
}

function guardField(
  type: GraphQLObjectType,
  field: GraphQLField<unknown, SubgraphContext>,
  governed: ReadonlySet<string>,
  fieldClass: FieldClass | undefined,
): void {
  if (fieldClass === 'open') return;
  const original = field.resolve;
  if (governed.has(type.name)) {
    // Plain columns were masked in SQL already; only what is computed from the row needs the row's mask.
    if (!original) return;
    field.resolve = (source, args, context, info) => {
      const masked = (source as { maskedFields?: readonly string[] }).maskedFields;
      return masked?.includes(field.name) ? null : original(source, args, context, info);
    };
    return;
  }
  const resolve = original ?? defaultFieldResolver;
  const logged = isLogged(fieldClass);
  field.resolve = (source, args, context, info) => {
    const verdict = context.ability.readsField(type.name, field.name);
    if (verdict.allowed) {
      if (logged) context.shown.part(type.name, source, field.name);
      return resolve(source, args, context, info);
    }
    context.masked.record(type.name, field.name, verdict.reason);
    return null;
  };
}

function guardResult(type: GraphQLObjectType, field: GraphQLField<unknown, SubgraphContext>, target: string): void {
  const resolve = field.resolve ?? defaultFieldResolver;
  const check = (value: unknown, context: SubgraphContext, info: GraphQLResolveInfo): unknown => {
    if (Array.isArray(value)) {
      for (const each of value) check(each, context, info);
      return value;
    }
    if (value === null || value === undefined) return value;
    if (!isGoverned(value)) {
      throw new PlatformError(
        'INTERNAL',
        `${type.name}.${field.name} answered a ${target} that was not read through the policy.`,
      );
    }
    context.shown.row(target, value, info);
    return value;
  };
  field.resolve = (source, args, context, info) => {
    const value: unknown = resolve(source, args, context, info);
    return value instanceof Promise ? value.then((found) => check(found, context, info)) : check(value, context, info);
  };
}

/** Values made for a record are parts of it: what is shown of them was shown of the record. */
function noteParts(type: GraphQLObjectType, field: GraphQLField<unknown, SubgraphContext>): void {
  const resolve = field.resolve ?? defaultFieldResolver;
  field.resolve = (source, args, context, info) => {
    const note = (value: unknown): unknown => {
      context.shown.own(type.name, source, value);
      return value;
    };
    const value: unknown = resolve(source, args, context, info);
    return value instanceof Promise ? value.then(note) : note(value);
  };
}

/** Logged fields of each type, looked up once. */
export function loggedFieldsOf(schema: GraphQLSchema, classOf: ClassOf): LoggedFields {
  const known = new Map<string, ReadonlySet<string>>();
  return (name) => {
    let fields = known.get(name);
    if (!fields) {
      const type = schema.getType(name);
      const all = isObjectType(type) ? Object.keys(type.getFields()) : [];
      fields = new Set(all.filter((field) => isLogged(classOf(name, field))));
      known.set(name, fields);
    }
    return fields;
  };
}
