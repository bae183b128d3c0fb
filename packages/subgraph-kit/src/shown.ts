// What an answer really shows of fields that are more than ordinary metadata, collected while it is resolved.
import type { FieldClass } from '@falaj/policy';
import {
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isObjectType,
} from 'graphql';
import { collectSubfields } from 'graphql/execution/collectFields.js';

/** Whether who was shown a field of the class is written down. */
export const isLogged = (fieldClass: FieldClass | undefined): boolean =>
  fieldClass !== undefined && fieldClass !== 'open' && fieldClass !== 'internal';

/** These fields of each of these records. */
export interface Shown {
  readonly type: string;
  /** Empty for values that belong to no record. */
  readonly ids: readonly string[];
  /** Sorted. */
  readonly fields: readonly string[];
}

/** A set of field names, one object for equal sets, so that a record costs a look-up or two. */
class FieldSet {
  readonly names: readonly string[];
  readonly #all: Map<string, FieldSet>;
  readonly #wider = new Map<string, FieldSet>();

  constructor(names: readonly string[], all: Map<string, FieldSet>) {
    this.names = names;
    this.#all = all;
  }

  with(name: string): FieldSet {
    let wider = this.#wider.get(name);
    if (!wider) {
      wider = this.names.includes(name) ? this : this.#canonical([...this.names, name].sort());
      this.#wider.set(name, wider);
    }
    return wider;
  }

  union(other: FieldSet): FieldSet {
    return other.names.reduce<FieldSet>((set, name) => set.with(name), this);
  }

  #canonical(names: readonly string[]): FieldSet {
    const key = names.join();
    let set = this.#all.get(key);
    if (!set) {
      set = new FieldSet(names, this.#all);
      this.#all.set(key, set);
    }
    return set;
  }
}

/** Logged fields that an operation asks of a row at one place, and what is left of them under each mask. */
interface Asked {
  readonly type: string;
  readonly fields: readonly string[];
  readonly underMask: Map<readonly string[], FieldSet>;
}

interface Row {
  readonly id?: unknown;
  readonly maskedFields?: readonly string[];
}

type Nodes = GraphQLResolveInfo['fieldNodes'];

/** A record by type and id. */
interface Owner {
  readonly type: string;
  readonly id: string;
}

export type LoggedFields = (type: string) => ReadonlySet<string>;

const NO_RECORD = '';
const UNMASKED: readonly string[] = [];

export class ShownCollector {
  readonly #loggedFields: LoggedFields;
  readonly #empty = new FieldSet([], new Map());
  readonly #asked = new Map<Nodes, Map<string, Asked>>();
  readonly #owners = new WeakMap<object, Owner>();
  #types = new Map<string, Map<string, FieldSet>>();

  constructor(loggedFields: LoggedFields) {
    this.#loggedFields = loggedFields;
  }

  /** A field of a record, or of a value that belongs to none. */
  record(type: string, id: string | null, field: string): void {
    this.#add(type, id ?? NO_RECORD, this.#empty.with(field));
  }

  /**
   * A field that rows were chosen or ordered by: whoever gets them learns of it, though its value is not shown. It stands
   * as `where.field` or `orderBy.field`, with the rows that were answered, or with none; a field of a value inside of rows
   * of type `owner` as `where.Type.field`.
   */
  used(how: 'where' | 'orderBy', type: string, ids: readonly string[], field: string, owner = type): void {
    if (!this.#loggedFields(type).has(field)) return;
    const name = `${how}.${owner === type ? '' : `${type}.`}${field}`;
    for (const id of ids.length === 0 ? [NO_RECORD] : ids) this.#add(owner, id, this.#empty.with(name));
  }

  /** A governed row on its way out at the place of `info`: what is asked of it there and not masked. */
  row(type: string, row: Row, info: GraphQLResolveInfo): void {
    const asked = this.#askedOf(type, info);
    if (asked.fields.length === 0) return;
    const masked = row.maskedFields ?? UNMASKED;
    let fields = asked.underMask.get(masked);
    if (!fields) {
      fields = asked.fields
        .filter((field) => !masked.includes(field))
        .reduce((set, field) => set.with(field), this.#empty);
      asked.underMask.set(masked, fields);
    }
    if (fields !== this.#empty) this.#add(type, typeof row.id === 'string' ? row.id : NO_RECORD, fields);
  }

  /** A field of a value: of the record that it is part of, if it is known, else of itself. */
  part(type: string, value: unknown, field: string): void {
    const owner = typeof value === 'object' && value !== null ? this.#owners.get(value) : undefined;
    if (owner) this.record(owner.type, owner.id, `${type}.${field}`);
    else this.record(type, idOf(value), field);
  }

  /** Remembers whose parts the values are. */
  own(type: string, holder: unknown, values: unknown): void {
    if (typeof holder !== 'object' || holder === null) return;
    const id = idOf(holder);
    const owner = this.#owners.get(holder) ?? (id === null ? undefined : { type, id });
    if (owner) this.#own(owner, values);
  }

  /** What was shown since the last call. */
  take(): Shown[] {
    if (this.#types.size === 0) return [];
    const types = this.#types;
    this.#types = new Map();
    return [...types].flatMap(([type, records]) =>
      [...Map.groupBy(records.keys(), (id) => records.get(id) as FieldSet)].map(([fields, ids]) => ({
        type,
        ids: ids.filter((id) => id !== NO_RECORD),
        fields: fields.names,
      })),
    );
  }

  #add(type: string, id: string, fields: FieldSet): void {
    let records = this.#types.get(type);
    if (!records) {
      records = new Map();
      this.#types.set(type, records);
    }
    const before = records.get(id);
    if (before === fields) return;
    records.set(id, before ? before.union(fields) : fields);
  }

  #own(owner: Owner, values: unknown): void {
    if (typeof values !== 'object' || values === null) return;
    if (Array.isArray(values)) for (const value of values) this.#own(owner, value);
    else this.#owners.set(values, owner);
  }

  #askedOf(type: string, info: GraphQLResolveInfo): Asked {
    let byType = this.#asked.get(info.fieldNodes);
    if (!byType) {
      byType = new Map();
      this.#asked.set(info.fieldNodes, byType);
    }
    let asked = byType.get(type);
    if (!asked) {
      asked = { type, fields: askedFields(type, info, this.#loggedFields(type)), underMask: new Map() };
      byType.set(type, asked);
    }
    return asked;
  }
}

function askedFields(type: string, info: GraphQLResolveInfo, logged: ReadonlySet<string>): string[] {
  const target = info.schema.getType(type);
  if (logged.size === 0 || !isObjectType(target)) return [];
  const found = new Set<string>();
  const selected = collectSubfields(info.schema, info.fragments, info.variableValues, target, info.fieldNodes);
  for (const nodes of selected.values()) {
    const name = nodes[0]?.name.value ?? '';
    if (logged.has(name)) found.add(name);
  }
  return [...found];
}

const idOf = (value: unknown): string | null => {
  const id = (value as { id?: unknown } | null | undefined)?.id;
  return typeof id === 'string' ? id : null;
};

/** Types of values (no rows, no entities) that hold logged fields, themselves or in the values that they are made of. */
export function typesWithLoggedParts(
  schema: GraphQLSchema,
  isValue: (type: string) => boolean,
  loggedFields: LoggedFields,
): ReadonlySet<string> {
  const values = Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type))
    .filter(({ name }) => isValue(name));
  const found = new Set(values.map(({ name }) => name).filter((name) => loggedFields(name).size > 0));
  for (let size = -1; size < found.size; ) {
    size = found.size;
    for (const type of values) {
      const inner = Object.values(type.getFields()).flatMap((field) => objectTypesOf(schema, field.type));
      if (inner.some((name) => found.has(name))) found.add(type.name);
    }
  }
  return found;
}

/** The object types that a field may answer. */
export function objectTypesOf(schema: GraphQLSchema, type: GraphQLOutputType): string[] {
  const named = getNamedType(type);
  if (isAbstractType(named)) return schema.getPossibleTypes(named).map(({ name }) => name);
  return isObjectType(named) ? [named.name] : [];
}
