import type { Noun, NounCatalog, Row } from '@falaj/policy';
import { PlatformError } from '@falaj/runtime';
import { z } from 'zod';

export const decisionInput = z.object({
  principalId: z.string().min(1),
  action: z.string().min(1),
  subject: z.string().min(1),
  field: z.string().min(1).nullish(),
  attributes: z.record(z.string(), z.unknown()).nullish(),
});

/** The object that is asked about. Throws BAD_USER_INPUT where its attributes are unknown or of another type. */
export function questionedRow(input: z.output<typeof decisionInput>, catalog: NounCatalog): Row | undefined {
  const noun = catalog.get(input.subject);
  if (!noun) refuse('subject', input.subject, catalog.names);
  if (input.field && !Object.hasOwn(noun.fields, input.field)) refuse('field', input.field, Object.keys(noun.fields));
  if (input.attributes) checkRow(input.attributes, noun, catalog, 'attributes', 0);
  return input.attributes ?? undefined;
}

/** As deep as conditions of rules reach. */
const MAX_RELATIONS = 2;

function checkRow(row: Row, noun: Noun, catalog: NounCatalog, path: string, hops: number): void {
  const relations = hops < MAX_RELATIONS ? (noun.relations ?? {}) : {};
  for (const [name, value] of Object.entries(row)) {
    const here = `${path}.${name}`;
    const type = Object.hasOwn(noun.attributes, name) ? noun.attributes[name] : undefined;
    const target = Object.hasOwn(relations, name) ? catalog.get(relations[name] ?? '') : undefined;
    if (target) {
      if (!Array.isArray(value)) refuse(here, JSON.stringify(value), [`a list of rows of ${target.name}`]);
      value.forEach((each: unknown, place) => {
        const isRow = typeof each === 'object' && each !== null && !Array.isArray(each);
        if (!isRow) refuse(`${here}[${place}]`, JSON.stringify(each), [`attributes of ${target.name}`]);
        checkRow(each as Row, target, catalog, `${here}[${place}]`, hops + 1);
      });
      continue;
    }
    if (!type) refuse(here, name, [...Object.keys(noun.attributes), ...Object.keys(relations)]);
    const fits = type === 'timestamp' ? !Number.isNaN(Date.parse(String(value))) : typeof value === type;
    if (value !== null && !fits) refuse(here, JSON.stringify(value), [`a ${type}`]);
  }
}

function refuse(field: string, found: string, allowed: readonly string[]): never {
  throw new PlatformError(
    'BAD_USER_INPUT',
    `input.${field}: found ${found}, expected ${allowed.length === 0 ? 'nothing: the type has none' : allowed.join(', ')}.`,
    { details: { field, found, allowed } },
  );
}
