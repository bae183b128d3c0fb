// Default deny, proved at start: a field without a class, or an input that reaches past the classes, stops the subgraph.
import { PlatformError } from '@falaj/runtime';
import {
  type GraphQLEnumType,
  type GraphQLInputObjectType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { type FieldClass, fieldClassNames } from './noun.js';

export interface CoverageReport {
  /** Fields that were judged, by class. */
  readonly classes: Readonly<Record<FieldClass, number>>;
  /** `Type.field` of object fields without a class. */
  readonly unclassified: readonly string[];
  /** `Type.field` of fields that could be masked and are declared non-null: one null would void its parents. */
  readonly nonNull: readonly string[];
  /** `Input.field` or `Enum.VALUE` of filters and orders that correspond to no classed field. */
  readonly uncoveredInputs: readonly string[];
}

export interface CoverageOptions {
  /**
   * Filter fields and order values that have another name than their field, or none: `Input.field` or `Enum.VALUE` to
   * `Type.field`, or to `ROW` where it restricts by whole rows only (a parent's id, a page).
   */
  readonly inputs?: Readonly<Record<string, string>>;
}

export type ClassOf = (type: string, field: string) => FieldClass | undefined;

const FEDERATION = new Set(['_Service', '_Entity', '_Any']);
const FILTER = /(Filter|Where)(Input)?$/;
const ORDER = /(Order|OrderBy|Sort|SortBy|GroupBy|OrderField|SortField)(Input)?$/;
const COMBINATORS = new Set(['and', 'or', 'not']);

/** Walks all object types, and the filters and orders that fields accept. */
export function checkCoverage(schema: GraphQLSchema, classOf: ClassOf, options: CoverageOptions = {}): CoverageReport {
  const classes = Object.fromEntries(fieldClassNames.map((name) => [name, 0])) as Record<FieldClass, number>;
  const unclassified: string[] = [];
  const nonNull: string[] = [];
  const uncovered = new Set<string>();
  const roots = new Set([schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]);

  for (const type of objectTypes(schema)) {
    for (const field of Object.values(type.getFields())) {
      const path = `${type.name}.${field.name}`;
      for (const argument of field.args) {
        const target = nodeTypeOf(field.type);
        for (const hole of inputHoles(getNamedType(argument.type), argument.name, target, classOf, options))
          uncovered.add(hole);
      }
      if (roots.has(type)) continue;
      const fieldClass = classOf(type.name, field.name);
      if (fieldClass === undefined || !fieldClassNames.includes(fieldClass)) {
        unclassified.push(path);
        continue;
      }
      classes[fieldClass] += 1;
      if (fieldClass !== 'open' && isNonNullType(field.type)) nonNull.push(path);
    }
  }
  return { classes, unclassified, nonNull, uncoveredInputs: [...uncovered] };
}

/** Throws CONFIG_INVALID that names every hole. */
export function assertCoverage(schema: GraphQLSchema, classOf: ClassOf, options: CoverageOptions = {}): CoverageReport {
  const report = checkCoverage(schema, classOf, options);
  const { unclassified, nonNull, uncoveredInputs } = report;
  const problems = [
    ...unclassified.map((path) => `${path} has no class`),
    ...nonNull.map((path) => `${path} may be masked but is non-null`),
    ...uncoveredInputs.map((path) => `${path} filters or orders by no classed field`),
  ];
  if (problems.length > 0)
    throw new PlatformError('CONFIG_INVALID', `The schema is not covered by policy: ${problems.join('; ')}.`, {
      details: { unclassified, nonNull, uncoveredInputs },
    });
  return report;
}

const objectTypes = (schema: GraphQLSchema): GraphQLObjectType[] =>
  Object.values(schema.getTypeMap()).filter(
    (type): type is GraphQLObjectType =>
      isObjectType(type) && !type.name.startsWith('__') && !FEDERATION.has(type.name),
  );

/** The type whose rows a field lists: of itself, or of the nodes of a Relay connection. */
function nodeTypeOf(type: unknown): GraphQLObjectType | undefined {
  const named = getNamedType(type as GraphQLObjectType);
  if (!isObjectType(named)) return undefined;
  const { nodes, edges } = named.getFields();
  if (nodes) return nodeTypeOf(nodes.type);
  const edge = edges && getNamedType(edges.type);
  const node = isObjectType(edge) ? edge.getFields().node : undefined;
  return node ? nodeTypeOf(node.type) : named;
}

function inputHoles(
  input: unknown,
  argument: string,
  target: GraphQLObjectType | undefined,
  classOf: ClassOf,
  options: CoverageOptions,
): string[] {
  const type = input as GraphQLInputObjectType | GraphQLEnumType;
  const covers = (path: string, name: string): boolean => {
    const declared = options.inputs?.[path];
    if (declared === 'ROW') return true;
    const [owner, field] = declared?.split('.') ?? [target?.name, fieldNamed(name, target)];
    return owner !== undefined && field !== undefined && classOf(owner, field) !== undefined;
  };
  const holes: string[] = [];
  const walk = (each: GraphQLInputObjectType, seen: ReadonlySet<string>): void => {
    if (seen.has(each.name)) return;
    for (const field of Object.values(each.getFields())) {
      const inner = getNamedType(field.type);
      if (isInputObjectType(inner) && COMBINATORS.has(field.name.toLowerCase()))
        walk(inner, new Set([...seen, each.name]));
      else if (isEnumType(inner) && ORDER.test(inner.name)) holes.push(...valueHoles(inner, covers));
      else if (isDirection(inner) && !fieldNamed(field.name, target)) continue;
      else if (!covers(`${each.name}.${field.name}`, field.name)) holes.push(`${each.name}.${field.name}`);
    }
  };
  if (
    isInputObjectType(type) &&
    (FILTER.test(type.name) || ORDER.test(type.name) || /^(filter|where|orderBy)$/.test(argument))
  )
    walk(type, new Set());
  if (isEnumType(type) && (ORDER.test(type.name) || /^(orderBy|sortBy|groupBy)$/.test(argument)))
    holes.push(...valueHoles(type, covers));
  return holes;
}

const valueHoles = (type: GraphQLEnumType, covers: (path: string, name: string) => boolean): string[] =>
  isDirection(type)
    ? []
    : type
        .getValues()
        .map(({ name }) => ({ path: `${type.name}.${name}`, name: camelCase(name.replace(/_(ASC|DESC)$/, '')) }))
        .filter(({ path, name }) => !covers(path, name))
        .map(({ path }) => path);

const isDirection = (type: unknown): boolean =>
  isLeafType(type) &&
  isEnumType(type) &&
  type.getValues().every(({ name }) => ['ASC', 'DESC', 'ASCENDING', 'DESCENDING'].includes(name));

const camelCase = (name: string): string =>
  name.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

const OPERATOR =
  /(Eq|Ne|In|NotIn|Lt|Lte|Gt|Gte|Contains|StartsWith|EndsWith|Before|After|Since|Until|IsNull|Exists|Min|Max|AtLeast|AtMost)$/;

/** `nameContains` is about `name`. */
function fieldNamed(name: string, target: GraphQLObjectType | undefined): string | undefined {
  const fields = target?.getFields() ?? {};
  if (Object.hasOwn(fields, name)) return name;
  const stem = name.replace(OPERATOR, '');
  return Object.hasOwn(fields, stem) ? stem : undefined;
}
