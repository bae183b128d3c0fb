// Patterns are expanded against the schema before CASL sees them: its own wildcards leave denied fields in the mask.
import type { Noun } from './noun.js';
import type { Rule } from './rule.js';

/** `*` stands for any characters, none included. */
export function matchesPattern(pattern: string, field: string): boolean {
  const parts = pattern.split('*');
  if (parts.length === 1) return pattern === field;
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (field.length < first.length + last.length || !field.startsWith(first) || !field.endsWith(last)) return false;
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = field.indexOf(part, from);
    if (found < 0 || found + part.length > field.length - last.length) return false;
    from = found + part.length;
  }
  return true;
}

/** The fields of the noun that a rule names; undefined when it speaks of the whole row. */
export function fieldsOf(rule: Rule, noun: Noun): string[] | undefined {
  const { fields, classes } = rule;
  if (classes) return Object.keys(noun.fields).filter((field) => classes.includes(noun.fields[field] as never));
  if (fields)
    return Object.keys(noun.fields).filter((field) => fields.some((pattern) => matchesPattern(pattern, field)));
  return undefined;
}
