// Filters and paths of RFC 7644, sections 3.4.2.2 and 3.5.2: text to a tree. What a tree means is said elsewhere.
import { badRequest, type ScimType } from './scim-error.js';

export const comparisons = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
export type Comparison = (typeof comparisons)[number];
export type Literal = string | number | boolean | null;

/** Paths are lower case and without the name of their schema, e.g. `name.familyname`. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly left: Filter; readonly right: Filter }
  | { readonly kind: 'not'; readonly of: Filter }
  | { readonly kind: 'present'; readonly path: string }
  | { readonly kind: 'compare'; readonly path: string; readonly op: Comparison; readonly value: Literal }
  /** One element of a list fits all of it, e.g. `emails[type eq "work"]`. */
  | { readonly kind: 'some'; readonly path: string; readonly of: Filter };

/** The target of a PATCH operation, e.g. `emails[type eq "work"].value`. */
export interface PatchPath {
  readonly attribute: string;
  readonly filter?: Filter;
  readonly sub?: string;
}

const LONGEST = 2_000;
const DEEPEST = 20;
/** Attributes of other schemas keep their whole name, and so are never taken for these. */
const CORE = /^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):/;
const TOKEN = /\s*(?:([()[\]])|("(?:[^"\\]|\\.)*")|((?:urn:[\w.:-]+:)?\.?[\w$-]+(?:\.[\w$-]+)*))/y;

/** Throws BAD_USER_INPUT `invalidFilter` that names what was found. */
export function parseFilter(text: string): Filter {
  const parser = new Parser(text, 'invalidFilter');
  const filter = parser.or(0);
  parser.end();
  return filter;
}

/** Throws BAD_USER_INPUT `invalidPath`. */
export function parsePath(text: string): PatchPath {
  const parser = new Parser(text, 'invalidPath');
  const path = parser.path();
  parser.end();
  return path;
}

class Parser {
  readonly #tokens: string[];
  readonly #scimType: ScimType;
  readonly #text: string;
  #at = 0;

  constructor(text: string, scimType: ScimType) {
    this.#scimType = scimType;
    this.#text = text;
    if (text.length > LONGEST) throw badRequest(scimType, `${scimType}: over ${LONGEST} characters.`);
    this.#tokens = this.#split(text);
  }

  or(depth: number): Filter {
    let left = this.#and(depth);
    while (this.#take('or')) left = { kind: 'or', left, right: this.#and(depth) };
    return left;
  }

  #and(depth: number): Filter {
    let left = this.#term(depth);
    while (this.#take('and')) left = { kind: 'and', left, right: this.#term(depth) };
    return left;
  }

  #term(depth: number): Filter {
    if (depth > DEEPEST) this.#fail();
    if (this.#take('not')) return { kind: 'not', of: this.#inside('(', ')', depth) };
    if (this.#peek() === '(') return this.#inside('(', ')', depth);
    const path = this.#name();
    if (this.#peek() === '[') {
      const of = this.#inside('[', ']', depth);
      // Not of the grammar, but what directories send: emails[type eq "work"].value eq "a@b".
      if (!this.#peek()?.startsWith('.')) return { kind: 'some', path, of };
      const sub = this.#sub();
      return { kind: 'some', path, of: { kind: 'and', left: of, right: this.#comparison(sub) } };
    }
    return this.#comparison(path);
  }

  #comparison(path: string): Filter {
    if (this.#take('pr')) return { kind: 'present', path };
    const op = comparisons.find((known) => this.#take(known)) ?? this.#fail();
    return { kind: 'compare', path, op, value: this.#literal() };
  }

  path(): PatchPath {
    const name = this.#name();
    const [attribute = '', ...subs] = name.startsWith('urn:') ? [name] : name.split('.');
    if (subs.length > 1) this.#fail();
    if (this.#peek() !== '[') return { attribute, ...(subs[0] ? { sub: subs[0] } : {}) };
    const filter = this.#inside('[', ']', 0);
    return { attribute, filter, ...(this.#peek() === undefined ? {} : { sub: this.#sub() }) };
  }

  end(): void {
    if (this.#peek() !== undefined) this.#fail();
  }

  #inside(open: string, close: string, depth: number): Filter {
    if (!this.#take(open)) this.#fail();
    const filter = this.or(depth + 1);
    if (!this.#take(close)) this.#fail();
    return filter;
  }

  #name(): string {
    const name = this.#next(/^[a-z]/i);
    return name.toLowerCase().replace(CORE, '');
  }

  #sub(): string {
    return this.#next(/^\.[a-z$]\w*$/i)
      .slice(1)
      .toLowerCase();
  }

  #literal(): Literal {
    const token = this.#next(/^(?:"|-?\d+(?:\.\d+)?$|(?:true|false|null)$)/i);
    if (/^[tfn]/i.test(token)) return JSON.parse(token.toLowerCase()) as Literal;
    try {
      return JSON.parse(token) as Literal;
    } catch {
      return this.#fail();
    }
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #take(word: string): boolean {
    if (this.#peek()?.toLowerCase() !== word) return false;
    this.#at += 1;
    return true;
  }

  #next(form: RegExp): string {
    const token = this.#peek();
    if (token === undefined || !form.test(token)) this.#fail();
    this.#at += 1;
    return token;
  }

  #split(text: string): string[] {
    const tokens: string[] = [];
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.trimEnd().length) {
      const from = TOKEN.lastIndex;
      const token = TOKEN.exec(text)?.[0].trim();
      if (!token)
        throw badRequest(this.#scimType, `${this.#scimType}: nothing is meant by "${text.slice(from, from + 40)}".`);
      tokens.push(token);
    }
    return tokens;
  }

  #fail(): never {
    const found = this.#tokens[this.#at];
    throw badRequest(
      this.#scimType,
      `${this.#scimType}: ${found === undefined ? 'it ends too early' : `"${found}" is not expected there`}: ${this.#text.slice(0, 200)}`,
    );
  }
}
