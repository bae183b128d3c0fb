import type { NounCatalog, Row } from '@falaj/policy';
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
  if (!input.attributes) return undefined;
  for (const [name, value] of Object.entries(input.attributes)) {
    const type = Object.hasOwn(noun.attributes, name) ? noun.attributes[name] : undefined;
    if (!type) refuse(`attributes.${name}`, name, Object.keys(noun.attributes));
    const fits = type === 'timestamp' ? !Number.isNaN(Date.parse(String(value))) : typeof value === type;
    if (value !== null && !fits) refuse(`attributes.${name}`, JSON.stringify(value), [`a ${type}`]);
  }
  return input.attributes;
}

function refuse(field: string, found: string, allowed: readonly string[]): never {
  throw new PlatformError(
    'BAD_USER_INPUT',
    `input.${field}: found ${found}, expected ${allowed.length === 0 ? 'nothing: the type has none' : allowed.join(', ')}.`,
    { details: { field, found, allowed } },
  );
}
