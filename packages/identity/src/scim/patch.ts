// PATCH of RFC 7644, section 3.5.2, on a resource in memory, as the directories of Microsoft (Entra ID) and Okta send it.
import { z } from 'zod';
import type { Filter, Literal } from './filter.js';
import { type PatchPath, parsePath } from './filter.js';
import { badRequest } from './scim-error.js';

/**
 * Attributes of a resource type by their lower-case names: `name` is how they are written; `subs` are those of a complex
 * one; `list` where there are many. What stands here nowhere is not kept.
 */
export interface Attribute {
  readonly name: string;
  readonly subs?: Readonly<Record<string, string>>;
  readonly list?: boolean;
}
export type Shape = Readonly<Record<string, Attribute>>;
export type Resource = Record<string, unknown>;
type Element = Record<string, unknown>;

const MOST_OPERATIONS = 1_000;

const request = z.object({
  Operations: z
    .array(z.object({ op: z.string(), path: z.string().optional(), value: z.unknown().optional() }))
    .min(1)
    .max(MOST_OPERATIONS),
});

interface Change {
  readonly op: 'add' | 'replace' | 'remove';
  readonly value: unknown;
}

/** Throws BAD_USER_INPUT `invalidSyntax`, `invalidPath`, `noTarget` or `invalidValue`. The resource itself stays as it is. */
export function patched(before: Resource, body: unknown, shape: Shape): Resource {
  const parsed = request.safeParse(body);
  if (!parsed.success)
    throw badRequest(
      'invalidSyntax',
      `invalidSyntax: Operations: a list of 1 to ${MOST_OPERATIONS} with op, path and value.`,
    );
  const resource = structuredClone(before);
  for (const { op: text, path, value } of parsed.data.Operations) {
    const op = text.toLowerCase();
    if (op !== 'add' && op !== 'replace' && op !== 'remove')
      throw badRequest(
        'invalidSyntax',
        `invalidSyntax: op: found "${text.slice(0, 40)}", expected add, replace or remove.`,
      );
    if (path !== undefined) change(resource, parsePath(path), { op, value }, shape);
    else if (op === 'remove') throw badRequest('noTarget', 'noTarget: remove needs a path.');
    else if (!isObject(value)) throw badRequest('invalidValue', 'invalidValue: without a path the value is an object.');
    // Keys may be paths themselves.
    else for (const [key, own] of Object.entries(value)) change(resource, parsePath(key), { op, value: own }, shape);
  }
  return resource;
}

/** The attributes of the shape, under the names as they are written; the case of the sender's says nothing. */
export function known(body: unknown, shape: Shape): Resource {
  if (!isObject(body)) throw badRequest('invalidSyntax', 'invalidSyntax: the body is a JSON object.');
  const resource: Resource = {};
  for (const [key, value] of Object.entries(body)) {
    const attribute = attributeOf(key.toLowerCase(), shape);
    if (attribute && value !== null && value !== undefined) resource[attribute.name] = shapedValue(value, attribute);
  }
  return resource;
}

function change(resource: Resource, path: PatchPath, { op, value }: Change, shape: Shape): void {
  const attribute = attributeOf(path.attribute, shape);
  if (!attribute) return;
  const { name, subs } = attribute;
  if (attribute.list) {
    const list = (resource[name] ?? []) as Element[];
    resource[name] = path.filter
      ? changeSome(list, path.filter, path.sub && subs?.[path.sub], { op, value }, attribute)
      : changeList(list, { op, value }, attribute);
  } else if (path.filter) throw badRequest('invalidPath', `invalidPath: ${name} is no list.`);
  else if (subs && path.sub) {
    const sub = Object.hasOwn(subs, path.sub) ? subs[path.sub] : undefined;
    const complex = { ...((resource[name] as object | undefined) ?? {}) } as Element;
    if (sub) set(complex, sub, { op, value });
    resource[name] = complex;
  } else if (subs && op !== 'remove')
    resource[name] = {
      ...((resource[name] as object | undefined) ?? {}),
      ...(shapedValue(value, attribute) as object),
    };
  else set(resource, name, { op, value });
}

function set(target: Element, name: string, { op, value }: Change): void {
  if (op === 'remove' || value === null || value === undefined) delete target[name];
  else target[name] = value;
}

function changeList(list: Element[], { op, value }: Change, attribute: Attribute): Element[] {
  const given = value === undefined || value === null ? [] : (shapedValue(value, attribute) as Element[]);
  if (op === 'replace') return given;
  const values = new Set(given.map((element) => element.value));
  // Entra names in the value whom it removes from a list.
  if (op === 'remove') return value === undefined || value === null ? [] : list.filter((one) => !values.has(one.value));
  return [...list.filter((one) => !values.has(one.value)), ...given];
}

function changeSome(
  list: Element[],
  filter: Filter,
  sub: string | undefined,
  { op, value }: Change,
  attribute: Attribute,
): Element[] {
  const fits = list.map((element) => matches(filter, element, attribute));
  if (op === 'remove') {
    if (sub === undefined) return list.filter((_, at) => !fits[at]);
    return list.map((element, at) =>
      fits[at] ? Object.fromEntries(Object.entries(element).filter(([k]) => k !== sub)) : element,
    );
  }
  const given = sub === undefined ? (shapedValue([value], attribute) as Element[])[0] : { [sub]: value };
  // Directories set what is not there yet; it then has what the filter asks for.
  if (!fits.includes(true)) return [...list, { ...named(filter, attribute), ...given }];
  return list.map((element, at) => (fits[at] ? { ...element, ...given } : element));
}

/** What an element must have to fit, as far as the filter says so. */
function named(filter: Filter, attribute: Attribute): Element {
  if (filter.kind === 'and') return { ...named(filter.left, attribute), ...named(filter.right, attribute) };
  if (filter.kind !== 'compare' || filter.op !== 'eq') return {};
  const sub = attribute.subs && Object.hasOwn(attribute.subs, filter.path) ? attribute.subs[filter.path] : undefined;
  return sub ? { [sub]: filter.value } : {};
}

function matches(filter: Filter, element: Element, attribute: Attribute): boolean {
  switch (filter.kind) {
    case 'and':
      return matches(filter.left, element, attribute) && matches(filter.right, element, attribute);
    case 'or':
      return matches(filter.left, element, attribute) || matches(filter.right, element, attribute);
    case 'not':
      return !matches(filter.of, element, attribute);
    case 'present':
      return subOf(element, filter.path, attribute) !== undefined;
    case 'compare': {
      const same = alike(subOf(element, filter.path, attribute), filter.value);
      if (filter.op === 'eq') return same;
      if (filter.op === 'ne') return !same;
      throw badRequest('invalidPath', `invalidPath: ${filter.op} is not supported in a path; use eq or ne.`);
    }
    case 'some':
      throw badRequest('invalidPath', 'invalidPath: no list stands in an element of a list.');
  }
}

function subOf(element: Element, path: string, { subs = {} }: Attribute): unknown {
  const sub = Object.hasOwn(subs, path) ? subs[path] : undefined;
  return sub === undefined ? undefined : element[sub];
}

const alike = (found: unknown, wanted: Literal): boolean =>
  typeof found === 'string' && typeof wanted === 'string'
    ? found.toLowerCase() === wanted.toLowerCase()
    : (found ?? null) === wanted;

function attributeOf(name: string, shape: Shape): Attribute | undefined {
  const plain = name.replace(/^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):/, '');
  return Object.hasOwn(shape, plain) ? shape[plain] : undefined;
}

function shapedValue(value: unknown, { name, subs, list }: Attribute): unknown {
  if (!subs) return value;
  if (!list) return subsOf(value, subs, name);
  // A single text stands for an element with that value.
  return (Array.isArray(value) ? value : [value]).map((element: unknown) =>
    typeof element === 'string' ? { value: element } : subsOf(element, subs, name),
  );
}

function subsOf(value: unknown, subs: Readonly<Record<string, string>>, name: string): Element {
  if (!isObject(value)) throw badRequest('invalidValue', `invalidValue: ${name} has sub-attributes.`);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, own]) => {
      const sub = Object.hasOwn(subs, key.toLowerCase()) ? subs[key.toLowerCase()] : undefined;
      return sub && own !== null && own !== undefined ? [[sub, own]] : [];
    }),
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
