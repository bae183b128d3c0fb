// The smallest call of each root field of the schema, so that no field is forgotten by an attack.
import { readFileSync } from 'node:fs';
import {
  buildSchema,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
} from 'graphql';

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));
type Field = GraphQLField<unknown, unknown>;

const fieldsOf = (type: ReturnType<typeof schema.getMutationType>): readonly Field[] =>
  Object.values(type?.getFields() ?? {});

export const mutations = fieldsOf(schema.getMutationType());
export const queries = fieldsOf(schema.getQueryType());

/** The smallest value of a type; texts, ids among them, are `text`. */
function sample(type: GraphQLInputType, text: string): string {
  if (isNonNullType(type)) return sample(type.ofType, text);
  if (isListType(type)) return `[${sample(type.ofType, text)}]`;
  if (isEnumType(type)) return type.getValues()[0]?.name ?? '';
  if (isInputObjectType(type)) {
    const required = Object.values(type.getFields()).filter((field) => isNonNullType(field.type));
    return `{ ${required.map((field) => `${field.name}: ${sample(field.type, text)}`).join(', ')} }`;
  }
  if (!isScalarType(type)) throw new Error(`No sample of ${String(type)}`);
  const values: Record<string, string> = {
    Int: '1',
    Float: '1',
    Boolean: 'true',
    JSONObject: '{ a: 1 }',
    DateTime: '"2026-01-01T00:00:00Z"',
  };
  return values[type.name] ?? JSON.stringify(text);
}

/** The field with every argument, or with those only that it needs. */
export function callOf({ name, args }: Field, { text = 'x', all = true } = {}): string {
  const given = args.filter((arg) => all || isNonNullType(arg.type) || arg.name === 'first');
  const list = given.map((arg) => `${arg.name}: ${sample(arg.type, text)}`).join(', ');
  return list ? `${name}(${list})` : name;
}

/** Every field of a type that needs no argument, down to a depth; lists with a first page of one. */
export function selectionOf(type: GraphQLOutputType, depth: number): string {
  const named = getNamedType(type);
  if (!isObjectType(named)) return '';
  const chosen = Object.values(named.getFields()).flatMap((field) => {
    if (field.args.some((arg) => isNonNullType(arg.type) && arg.defaultValue === undefined)) return [];
    if (!isObjectType(getNamedType(field.type))) return [field.name];
    return depth > 1 ? [`${callOf(field, { all: false })} ${selectionOf(field.type, depth - 1)}`] : [];
  });
  return `{ __typename ${chosen.join(' ')} }`;
}
