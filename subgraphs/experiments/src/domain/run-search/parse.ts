// Filters by recursive descent:  or := and (OR and)*   and := not (AND not)*   not := NOT not | ( or ) | comparison
import type { Comparison, Expression, FieldName, Literal, Operator, Order } from './expression.js';
import { attributes, isAttribute, typesOf } from './expression.js';
import { filterLimits, refuse, type Token, tokensOf } from './tokens.js';

const OPERATORS: Readonly<Record<string, Operator>> = {
  '=': '=',
  '!=': '!=',
  '<>': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};
const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;

/** The meaning of a filter; null for an empty one. Throws BAD_USER_INPUT: position, what was found, what was expected. */
export function parseFilter(text: string): Expression | null {
  const parser = new Parser(text, 'filter');
  return parser.filter();
}

/** The meaning of an order: a field and ASC (default) or DESC. Throws BAD_USER_INPUT. */
export function parseOrder(text: string): Order {
  return new Parser(text, 'orderBy').order();
}

class Parser {
  readonly #what: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  #comparisons = 0;

  constructor(text: string, what: string) {
    this.#what = what;
    this.#tokens = tokensOf(text, what);
  }

  filter(): Expression | null {
    if (this.#ended) return null;
    const expression = this.#or(0);
    if (!this.#ended) throw this.#unexpected('AND, OR or the end');
    return expression;
  }

  order(): Order {
    const field = this.#field();
    const direction = this.#takeWord('DESC') ? 'DESC' : 'ASC';
    if (direction === 'ASC') this.#takeWord('ASC');
    if (!this.#ended) throw this.#unexpected('ASC, DESC or the end');
    return { field, direction };
  }

  #or(depth: number): Expression {
    return this.#chain('OR', () => this.#chain('AND', () => this.#not(depth)));
  }

  #chain(kind: 'AND' | 'OR', part: () => Expression): Expression {
    const parts = [part()];
    while (this.#takeWord(kind)) parts.push(part());
    return parts.length === 1 ? (parts[0] as Expression) : { kind, parts };
  }

  #not(depth: number): Expression {
    if (depth > filterLimits.depth)
      throw this.#refused(`more than ${filterLimits.depth} levels of NOT and parentheses`, 'fewer');
    if (this.#takeWord('NOT')) return { kind: 'NOT', part: this.#not(depth + 1) };
    if (!this.#takeSymbol('(')) return this.#comparison();
    const inner = this.#or(depth + 1);
    if (!this.#takeSymbol(')')) throw this.#unexpected('AND, OR or ")"');
    return inner;
  }

  #comparison(): Comparison {
    const position = this.#token.position;
    if (++this.#comparisons > filterLimits.comparisons)
      throw this.#refused(`more than ${filterLimits.comparisons} comparisons`, 'fewer');
    const field = this.#field();
    if (this.#takeWord('IS')) {
      const negated = this.#takeWord('NOT');
      if (!this.#takeWord('NULL')) throw this.#unexpected(negated ? 'NULL' : 'NULL or NOT NULL');
      return { kind: 'IS_NULL', field, negated };
    }
    const negated = this.#takeWord('NOT');
    if (this.#takeWord('IN')) return { kind: 'IN', field, values: this.#list(field), negated };
    const ignoreCase = this.#takeWord('ILIKE');
    if (ignoreCase || this.#takeWord('LIKE'))
      return { kind: 'LIKE', field, pattern: this.#pattern(field, position), ignoreCase, negated };
    if (negated) throw this.#unexpected('LIKE, ILIKE or IN');
    const operator = this.#token.kind === 'SYMBOL' ? OPERATORS[this.#token.text] : undefined;
    if (!operator) throw this.#unexpected('=, !=, <, <=, >, >=, LIKE, ILIKE, IN or IS');
    this.#at++;
    return { kind: 'COMPARE', field, operator, value: this.#operand(field, operator) };
  }

  #operand(field: FieldName, operator: Operator): Literal {
    const token = this.#token;
    const value = this.#literal(field);
    const ordering = operator !== '=' && operator !== '!=';
    if (ordering && typeof value === 'string')
      throw refuse(this.#what, token.position, `${operator} with a text`, '=, !=, LIKE, ILIKE or IN with a text');
    if (ordering && Number.isNaN(value as number))
      throw refuse(this.#what, token.position, `${operator} with NaN`, '= or !=, for NaN has no order');
    return value;
  }

  #field(): FieldName {
    const token = this.#token;
    if (token.kind !== 'FIELD')
      throw this.#unexpected('a field such as metrics.auc, params."learning rate", tags.team or attributes.state');
    const { scope, name } = token.field;
    if (scope === 'attributes' && !isAttribute(name))
      throw refuse(this.#what, token.position, token.text, `one of ${Object.keys(attributes).join(', ')}`);
    if (name === '' || name.length > filterLimits.name || name.includes('\0'))
      throw refuse(
        this.#what,
        token.position,
        `a name of ${name.length} characters`,
        `1 to ${filterLimits.name} characters without U+0000`,
      );
    this.#at++;
    return token.field;
  }

  #literal(field: FieldName): Literal {
    const token = this.#token;
    const types = typesOf(field);
    if (token.kind === 'NUMBER' && types.includes('number')) {
      this.#at++;
      return token.value;
    }
    if (token.kind === 'STRING' && types.includes('time')) {
      const time = new Date(token.value);
      if (!INSTANT.test(token.value) || Number.isNaN(time.getTime()))
        throw refuse(this.#what, token.position, token.text, "an instant such as '2026-03-01T08:30:00Z'");
      this.#at++;
      return time;
    }
    if (token.kind === 'STRING' && types.includes('text') && !token.value.includes('\0')) {
      this.#at++;
      return token.value;
    }
    const names = { text: "a text in '…'", number: 'a number', time: "an instant in '…'" };
    throw this.#unexpected(types.map((type) => names[type]).join(' or '));
  }

  #list(field: FieldName): Literal[] {
    if (!this.#takeSymbol('(')) throw this.#unexpected('"("');
    const values: Literal[] = [];
    do {
      if (values.length === filterLimits.list)
        throw this.#refused(`more than ${filterLimits.list} values in IN`, 'fewer');
      const token = this.#token;
      const value = this.#literal(field);
      if (values.length > 0 && typeof value !== typeof values[0])
        throw refuse(this.#what, token.position, shortened(token.text), `a ${typeof values[0]} as before it`);
      values.push(value);
    } while (this.#takeSymbol(','));
    if (!this.#takeSymbol(')')) throw this.#unexpected('"," or ")"');
    return values;
  }

  #pattern(field: FieldName, position: number): string {
    if (!typesOf(field).includes('text'))
      throw refuse(this.#what, position, `LIKE on ${field.scope}.${field.name}`, 'LIKE on a text');
    const token = this.#token;
    if (token.kind !== 'STRING')
      throw this.#unexpected("a pattern in '…', with % for any text and _ for one character");
    if (token.value.length > filterLimits.pattern)
      throw this.#refused(`a pattern of ${token.value.length} characters`, `at most ${filterLimits.pattern}`);
    if (/(?<!\\)(\\\\)*\\$/.test(token.value) || token.value.includes('\0'))
      throw this.#unexpected('a pattern whose last backslash stands before a character');
    this.#at++;
    return token.value;
  }

  get #token(): Token {
    return this.#tokens[this.#at] as Token;
  }

  get #ended(): boolean {
    return this.#token.kind === 'END';
  }

  #takeWord(word: string): boolean {
    if (this.#token.kind !== 'WORD' || this.#token.text.toUpperCase() !== word) return false;
    this.#at++;
    return true;
  }

  #takeSymbol(symbol: string): boolean {
    if (this.#token.kind !== 'SYMBOL' || this.#token.text !== symbol) return false;
    this.#at++;
    return true;
  }

  #unexpected(expected: string) {
    return this.#refused(this.#token.kind === 'END' ? 'the end' : shortened(this.#token.text), expected);
  }

  #refused(found: string, expected: string) {
    return refuse(this.#what, this.#token.position, found, expected);
  }
}

const shortened = (text: string): string => `"${text.length > 60 ? `${text.slice(0, 60)}…` : text}"`;
