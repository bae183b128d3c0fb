// Runs the query plans that nearly every operation has: fetches in sequence and in parallel, entities joined by key.
// It is compiled once per plan, where the router runtime interprets the plan for each value of each request. A plan with
// anything else (abstract types, rewrites, conditions, subscriptions) is not compiled: the router runtime runs it.
import type {
  BatchFetchNode,
  FetchNode,
  FlattenNode,
  FlattenNodePathSegment,
  PlanNode,
} from '@graphql-hive/router-query-planner';
import { type DocumentNode, type ExecutionResult, GraphQLError, Kind, parse } from 'graphql';
import { compileRepresentation, type Representation } from './representation.js';

/** One run of a plan. `data` grows from fetch to fetch; it belongs to the run. */
export interface PlanRun {
  readonly variables: Readonly<Record<string, unknown>>;
  data: Record<string, unknown>;
  readonly errors: GraphQLError[];
  /** Asks a subgraph; a fault is in the result's errors. */
  fetch(subgraph: string, fetch: FetchRequest): Promise<ExecutionResult>;
}

export interface FetchRequest {
  readonly document: DocumentNode;
  readonly variables: Record<string, unknown>;
  readonly operationName: string | undefined;
}

export type PlanStep = (run: PlanRun) => Promise<unknown> | undefined;

type Path = readonly (string | number)[];
type Entity = Record<string, unknown>;

/** Objects at the end of a path through fields and lists. */
type Collect = (data: Entity, found: Entity[]) => void;

/** The plan as a function; undefined where it holds what is not compiled. */
export function compilePlan(node: PlanNode): PlanStep | undefined {
  switch (node.kind) {
    case 'Sequence': {
      const steps = compileAll(node.nodes);
      return (
        steps &&
        (async (run) => {
          for (const step of steps) await step(run);
        })
      );
    }
    case 'Parallel': {
      const steps = compileAll(node.nodes);
      return steps && ((run) => Promise.all(steps.map((step) => step(run))));
    }
    case 'Fetch':
      return node.requires?.length || rewrites(node) ? undefined : compileRootFetch(node);
    case 'Flatten':
      return compileFlatten(node);
    case 'BatchFetch':
      return compileBatchFetch(node);
    default:
      return undefined;
  }
}

function compileAll(nodes: readonly PlanNode[]): PlanStep[] | undefined {
  const steps = nodes.map(compilePlan);
  return steps.every((step) => step !== undefined) ? steps : undefined;
}

const rewrites = (node: { inputRewrites?: unknown[]; outputRewrites?: unknown[] }): boolean =>
  Boolean(node.inputRewrites?.length || node.outputRewrites?.length);

function compileRootFetch(node: FetchNode): PlanStep {
  const document = parse(node.operation, { noLocation: true });
  const request = requestOf(node, document);
  const [first] = document.definitions;
  const field =
    first?.kind === Kind.OPERATION_DEFINITION
      ? first.selectionSet.selections.find((selection) => selection.kind === Kind.FIELD)
      : undefined;
  const fallback: Path = field ? [field.alias?.value ?? field.name.value] : [];
  return async (run) => {
    const { data, errors } = await run.fetch(node.serviceName, request(run.variables));
    for (const error of errors ?? [])
      run.errors.push(error.path || fallback.length === 0 ? error : moved(error, fallback));
    if (data) merge(run.data, data);
  };
}

function compileFlatten(flatten: FlattenNode): PlanStep | undefined {
  const node = flatten.node;
  if (node.kind !== 'Fetch' || !node.requires?.length || rewrites(node)) return undefined;
  const represent = compileRepresentation(node.requires);
  const collect = compilePath(flatten.path);
  if (!represent || !collect) return undefined;
  const request = requestOf(node, parse(node.operation, { noLocation: true }));
  const fallback = flatten.path.flatMap((segment) =>
    typeof segment === 'object' && 'Field' in segment ? [segment.Field] : [],
  );
  return async (run) => {
    const found: Entity[] = [];
    collect(run.data, found);
    const targets = new Targets(represent);
    targets.add(found);
    if (targets.representations.length === 0) return;
    const variables = { representations: targets.representations };
    const { data, errors } = await run.fetch(node.serviceName, request(run.variables, variables));
    for (const error of errors ?? []) {
      const at = error.path?.indexOf('_entities') ?? -1;
      const paths = at < 0 ? [] : targets.pathsOf(run.data, error.path?.[at + 1], flatten.path);
      if (paths.length === 0) run.errors.push(moved(error, fallback));
      for (const path of paths) run.errors.push(moved(error, [...path, ...(error.path ?? []).slice(at + 2)]));
    }
    if (Array.isArray(data?._entities)) targets.merge(data._entities);
  };
}

function compileBatchFetch(node: BatchFetchNode): PlanStep | undefined {
  const aliases = node.entityBatch.aliases.map((alias) => {
    const represent = compileRepresentation(alias.requires);
    const paths = alias.paths.map((path) => ({ path, collect: compilePath(path) }));
    if (!represent || rewrites(alias) || paths.some(({ collect }) => !collect)) return undefined;
    return { name: alias.alias, variable: alias.representationsVariableName, represent, paths };
  });
  if (!aliases.every((alias) => alias !== undefined)) return undefined;
  // Aliases that share a variable would share its numbering: none was seen, the router runtime knows how.
  if (new Set(aliases.map(({ variable }) => variable)).size < aliases.length) return undefined;
  const request = requestOf(node, parse(node.operation, { noLocation: true }));
  return async (run) => {
    const variables: Record<string, unknown> = {};
    let asked = false;
    const batches = new Map(
      aliases.map((alias) => {
        const targets = new Targets(alias.represent);
        for (const { collect } of alias.paths) {
          const found: Entity[] = [];
          collect?.(run.data, found);
          targets.add(found);
        }
        variables[alias.variable] = targets.representations;
        asked ||= targets.representations.length > 0;
        return [alias.name, { targets, paths: alias.paths }] as const;
      }),
    );
    if (!asked) return;
    const { data, errors } = await run.fetch(node.serviceName, request(run.variables, variables));
    for (const error of errors ?? []) {
      const [name, index, ...tail] = error.path ?? [];
      const batch = batches.get(String(name));
      const paths = batch?.paths.flatMap(({ path }) => batch.targets.pathsOf(run.data, index, path)) ?? [];
      if (paths.length === 0) run.errors.push(error);
      for (const path of paths) run.errors.push(moved(error, [...path, ...tail]));
    }
    for (const [name, { targets }] of batches) {
      const entities = data?.[name];
      if (Array.isArray(entities)) targets.merge(entities);
    }
  };
}

/** Variables of a fetch: those of the operation that it uses, and the representations. */
function requestOf(node: FetchNode | BatchFetchNode, document: DocumentNode) {
  const used = node.variableUsages ?? [];
  return (given: Readonly<Record<string, unknown>>, representations: Record<string, unknown> = {}): FetchRequest => {
    const variables = representations;
    for (const name of used) if (Object.hasOwn(given, name)) variables[name] = given[name];
    return { document, variables, operationName: node.operationName };
  };
}

/** The entities that wait for one list of answers; equal representations are asked for once. */
class Targets {
  readonly representations: Entity[] = [];
  private readonly entities: Entity[] = [];
  /** Number of its representation, by entity. */
  private readonly numbers: number[] = [];
  private readonly known = new Map<string, number>();
  private readonly represent: Representation;

  constructor(represent: Representation) {
    this.represent = represent;
  }

  add(found: readonly Entity[]): void {
    for (const entity of found) {
      const represented = this.represent(entity);
      if (!represented) continue;
      let number = this.known.get(represented.identity);
      if (number === undefined) {
        number = this.representations.push(represented.representation) - 1;
        this.known.set(represented.identity, number);
      }
      this.entities.push(entity);
      this.numbers.push(number);
    }
  }

  merge(answers: readonly unknown[]): void {
    const given = new Set<number>();
    for (const [index, entity] of this.entities.entries()) {
      const number = this.numbers[index] ?? -1;
      const answer = answers[number];
      if (typeof answer !== 'object' || answer === null) continue;
      // Later fetches write into what they find, so two places never hold one object.
      merge(entity, given.has(number) ? structuredClone(answer) : answer);
      given.add(number);
    }
  }

  /** Where the entities of one representation stand under a path; looked for only when there is an error to place. */
  pathsOf(data: Entity, number: unknown, segments: readonly FlattenNodePathSegment[]): Path[] {
    const wanted = new Set(this.entities.filter((_, index) => this.numbers[index] === number));
    const paths: Path[] = [];
    const walk = (value: unknown, depth: number, path: Path): void => {
      if (typeof value !== 'object' || value === null) return;
      const segment = segments[depth];
      if (Array.isArray(value)) {
        for (const [index, item] of value.entries()) walk(item, segment === '@' ? depth + 1 : depth, [...path, index]);
      } else if (segment === undefined) {
        if (wanted.has(value as Entity)) paths.push(path);
      } else if (typeof segment === 'object' && 'Field' in segment) {
        walk((value as Entity)[segment.Field], depth + 1, [...path, segment.Field]);
      }
    };
    walk(data, 0, []);
    return paths;
  }
}

function compilePath(path: readonly FlattenNodePathSegment[]): Collect | undefined {
  let collect: (value: unknown, found: Entity[]) => void = (value, found) => {
    if (Array.isArray(value)) for (const item of value) collectObject(item, found);
    else collectObject(value, found);
  };
  for (const segment of path.toReversed()) {
    const next = collect;
    if (segment === '@') {
      collect = (value, found) => {
        if (Array.isArray(value)) for (const item of value) next(item, found);
      };
    } else if ('Field' in segment) {
      const key = segment.Field;
      collect = (value, found) => {
        if (typeof value === 'object' && value !== null) next((value as Entity)[key], found);
      };
    } else return undefined;
  }
  return collect;
}

function collectObject(value: unknown, found: Entity[]): void {
  if (typeof value === 'object' && value !== null) found.push(value as Entity);
}

/** Adds what an answer holds to what is known, in place; lists of one length join item by item. */
function merge(target: Entity, answer: object): void {
  for (const [key, value] of Object.entries(answer)) {
    const known = target[key];
    if (known === undefined || known === null || typeof known !== 'object' || typeof value !== 'object') {
      if (value !== undefined) set(target, key, value);
    } else if (value === null || Array.isArray(known) !== Array.isArray(value) || Object.isFrozen(known)) {
      set(target, key, value);
    } else if (!Array.isArray(known)) {
      merge(known as Entity, value as object);
    } else if (known.length !== (value as unknown[]).length) {
      set(target, key, value);
    } else {
      for (const [index, item] of (value as unknown[]).entries()) {
        const before: unknown = known[index];
        if (typeof before === 'object' && before !== null && typeof item === 'object' && item !== null) {
          merge(before as Entity, item);
        } else known[index] = item;
      }
    }
  }
}

/** An answer's key `__proto__` is a key like any other. */
function set(target: Entity, key: string, value: unknown): void {
  if (key !== '__proto__') target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function moved(error: GraphQLError, path: Path): GraphQLError {
  const { message, nodes, source, positions, originalError, extensions } = error;
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    path,
    originalError: originalError ?? null,
    extensions,
  });
}
