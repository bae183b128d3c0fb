// `${parameters.seed}` and `${stages.train.runId}` in the parameters of a stage. A text that is one reference and nothing
// else takes the value with its type; inside a longer text the value is written out.
import { PlatformError } from '@falaj/runtime';
import type { Value, Values } from './definition.js';

export type Reference =
  | { readonly kind: 'parameter'; readonly name: string; readonly text: string }
  | { readonly kind: 'output'; readonly stage: string; readonly output: string; readonly text: string }
  | { readonly kind: 'event'; readonly path: readonly string[]; readonly text: string }
  | { readonly kind: 'malformed'; readonly text: string };

/** `$${` is the text `${` itself, for programs that mean something by it. */
const REFERENCE = /(\$?)\$\{([^}]*)\}/g;

function parse(inner: string): Reference {
  const text = `\${${inner}}`;
  const [scope, ...path] = inner.trim().split('.');
  if (path.some((part) => part === '')) return { kind: 'malformed', text };
  if (scope === 'parameters' && path.length === 1) return { kind: 'parameter', name: path[0] as string, text };
  if (scope === 'stages' && path.length === 2)
    return { kind: 'output', stage: path[0] as string, output: path[1] as string, text };
  if (scope === 'event' && path.length > 0) return { kind: 'event', path, text };
  return { kind: 'malformed', text };
}

/** The reference that is the whole text, if it is one. */
export function soleReference(text: string): Reference | undefined {
  const match = /^\$\{([^}]*)\}$/.exec(text);
  return match ? parse(match[1] as string) : undefined;
}

/** Every reference in the value, however deep. */
export function referencesIn(value: Value): Reference[] {
  if (typeof value === 'string')
    return [...value.matchAll(REFERENCE)].flatMap(([, doubled, inner]) => (doubled ? [] : [parse(inner as string)]));
  if (Array.isArray(value)) return value.flatMap((part: Value) => referencesIn(part));
  if (typeof value === 'object' && value !== null) return Object.values(value as Values).flatMap(referencesIn);
  return [];
}

/** The value with every reference replaced. `look` throws where there is nothing to put in. */
export function resolveReferences(value: Value, look: (reference: Reference) => Value): Value {
  if (typeof value === 'string') {
    const whole = soleReference(value);
    if (whole) return look(whole);
    return value.replaceAll(REFERENCE, (text, doubled: string, inner: string) =>
      doubled ? text.slice(1) : written(look(parse(inner))),
    );
  }
  if (Array.isArray(value)) return value.map((part: Value) => resolveReferences(part, look));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value as Values).map(([key, part]) => [key, resolveReferences(part, look)]),
    );
  return value;
}

const written = (value: Value): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The parameters of a stage when everything before it is done. */
export function resolveInputs(
  parameters: Values,
  known: { readonly parameters: Values; readonly outputs: ReadonlyMap<string, Values> },
): Values {
  return resolveReferences(parameters, (reference) => {
    const found =
      reference.kind === 'parameter'
        ? known.parameters[reference.name]
        : reference.kind === 'output'
          ? known.outputs.get(reference.stage)?.[reference.output]
          : undefined;
    if (found === undefined)
      throw new PlatformError('PRECONDITION_FAILED', `Nothing stands for ${reference.text}.`, {
        details: { reference: reference.text },
      });
    return found;
  }) as Values;
}

/** The parameters of a triggered run, with `${event.path}` taken from the event. */
export function resolveEvent(parameters: Values, event: Values): Values {
  return resolveReferences(parameters, (reference) => {
    let found: Value | undefined = reference.kind === 'event' ? event : undefined;
    for (const part of reference.kind === 'event' ? reference.path : []) found = own(found, part);
    if (found === undefined)
      throw new PlatformError('BAD_USER_INPUT', `The event has nothing for ${reference.text}.`, {
        details: { reference: reference.text },
      });
    return found;
  }) as Values;
}

/** A property of the object itself, never of its prototype. */
function own(value: Value | undefined, name: string): Value | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
    return undefined;
  return (value as Values)[name];
}
