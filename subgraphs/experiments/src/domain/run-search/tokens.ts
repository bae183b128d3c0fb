import { PlatformError } from '@falaj/runtime';
import type { FieldName, Scope } from './expression.js';

export type Token = { readonly position: number; readonly text: string } & (
  | { readonly kind: 'FIELD'; readonly field: FieldName }
  | { readonly kind: 'NUMBER'; readonly value: number }
  | { readonly kind: 'STRING'; readonly value: string }
  | { readonly kind: 'WORD' }
  | { readonly kind: 'SYMBOL' }
  | { readonly kind: 'END' }
);

export const filterLimits = {
  characters: 4_000,
  comparisons: 100,
  depth: 20,
  list: 200,
  pattern: 500,
  name: 250,
} as const;

const scopes: Readonly<Record<string, Scope>> = {
  metrics: 'metrics',
  metric: 'metrics',
  params: 'params',
  param: 'params',
  tags: 'tags',
  tag: 'tags',
  attributes: 'attributes',
  attribute: 'attributes',
};

/** Positions count characters from 1. */
export function refuse(what: string, position: number, found: string, expected: string): PlatformError {
  return new PlatformError('BAD_USER_INPUT', `${what}, position ${position}: found ${found}, expected ${expected}.`, {
    details: { argument: what, position, found, expected },
  });
}

const SPACE = /\s+/y;
const FIELD =
  /([\p{L}_]+)\s*\.\s*(?:"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|([\p{L}\p{N}_](?:[\p{L}\p{N}_./:@-]*[\p{L}\p{N}_])?))/uy;
const NUMBER = /[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|Infinity\b)|NaN\b/y;
const STRING = /'((?:[^']|'')*)'/y;
const WORD = /[\p{L}_][\p{L}\p{N}_]*/uy;
const SYMBOL = /<=|>=|!=|<>|[()=<>,]/y;

/** The text as tokens, with an END behind them. Throws BAD_USER_INPUT that names the position. */
export function tokensOf(text: string, what: string): Token[] {
  if (text.length > filterLimits.characters)
    throw refuse(what, filterLimits.characters + 1, `${text.length} characters`, `at most ${filterLimits.characters}`);
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  while (at < text.length) {
    const space = match(SPACE);
    if (space) {
      at += space[0].length;
      continue;
    }
    const token = next(match, at + 1, what);
    if (!token) throw refuse(what, at + 1, unread(text, at), 'a field, a value, an operator or a parenthesis');
    tokens.push(token);
    at += token.text.length;
  }
  tokens.push({ kind: 'END', text: '', position: text.length + 1 });
  return tokens;
}

function next(match: (pattern: RegExp) => RegExpExecArray | null, position: number, what: string): Token | null {
  const field = match(FIELD);
  if (field) {
    const [text, scopeName = '', doubled, ticked, plain] = field;
    const scope = Object.hasOwn(scopes, scopeName) ? scopes[scopeName] : undefined;
    if (!scope) throw refuse(what, position, `"${scopeName}."`, 'metrics., params., tags. or attributes.');
    const name = doubled?.replaceAll('""', '"') ?? ticked?.replaceAll('``', '`') ?? plain ?? '';
    return { kind: 'FIELD', text, position, field: { scope, name } };
  }
  const number = match(NUMBER);
  if (number) return { kind: 'NUMBER', text: number[0], position, value: Number(number[0]) };
  const string = match(STRING);
  if (string) return { kind: 'STRING', text: string[0], position, value: (string[1] ?? '').replaceAll("''", "'") };
  const word = match(WORD);
  if (word) return { kind: 'WORD', text: word[0], position };
  const symbol = match(SYMBOL);
  return symbol && { kind: 'SYMBOL', text: symbol[0], position };
}

function unread(text: string, at: number): string {
  const character = String.fromCodePoint(text.codePointAt(at) as number);
  return `'"\``.includes(character) ? `a text that ${character} opens and nothing closes` : `"${character}"`;
}
