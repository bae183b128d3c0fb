// The keys of falaj.config.ts with their comments, read from the sources of the schema: what an editor shows while one writes
// the file, as a page. Read through the compiler of test/, for TypeScript 7 has no JavaScript API.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const ts = createRequire(join(root, 'test/package.json'))('typescript');
const SOURCE = 'packages/cli/src/config.ts';
/** What tells nothing in a table: how the parser gets from text to value. */
const KINDS = {
  string: 'text',
  url: 'address',
  number: 'number',
  boolean: 'true, false',
  array: 'list',
  union: 'text or secret',
};

/** Every constant of a file, and of those beside it that it imports, by name. */
function constantsOf(path, known = new Map()) {
  const file = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true);
  for (const statement of file.statements) {
    if (ts.isImportDeclaration(statement) && statement.moduleSpecifier.text.startsWith('./'))
      constantsOf(join(dirname(path), statement.moduleSpecifier.text.replace(/\.js$/, '.ts')), known);
    if (ts.isVariableStatement(statement))
      for (const { name, initializer } of statement.declarationList.declarations)
        if (ts.isIdentifier(name) && initializer) known.set(name.text, initializer);
  }
  return known;
}

/** `z.a(1).b(2)` as its calls, the first one first; a constant in the place of `z` begins with its own. */
function callsOf(expression, constants) {
  if (ts.isIdentifier(expression) && constants.has(expression.text))
    return callsOf(constants.get(expression.text), constants);
  if (!ts.isCallExpression(expression)) return [];
  const { expression: called, arguments: given } = expression;
  if (!ts.isPropertyAccessExpression(called)) return [];
  return [...callsOf(called.expression, constants), { name: called.name.text, given }];
}

const plain = (node) => node.getText().replaceAll(/\s+/g, ' ').replaceAll('_', '');

function commentOf(node) {
  const [comment] = node.jsDoc ?? [];
  return comment ? ts.getTextOfJSDocComment(comment.comment).replaceAll(/\s+/g, ' ') : '';
}

function rowsOf(object, prefix, constants) {
  return object.properties.flatMap((property) => {
    const key = `${prefix}${property.name.text}`;
    const value = property.initializer ?? property.name;
    const calls = callsOf(value, constants);
    const [first] = calls;
    const element = first?.name === 'array' ? callsOf(first.given[0], constants)[0] : undefined;
    const nested = [first, element].find((call) => call && /^(strictObject|object)$/.test(call.name));
    const fallback = calls.find(({ name }) => name === 'default');
    const kind =
      first?.name === 'enum' && ts.isArrayLiteralExpression(first.given[0])
        ? first.given[0].elements.map((one) => one.text).join(', ')
        : nested && nested !== element
          ? 'section'
          : (KINDS[first?.name] ?? 'text');
    const required = !fallback && !calls.some(({ name }) => /^(optional|prefault)$/.test(name));
    const row = {
      key,
      kind: first?.name === 'enum' && !ts.isArrayLiteralExpression(first.given[0]) ? 'a severity' : kind,
      fallback: fallback ? `\`${plain(fallback.given[0])}\`` : required ? 'required' : '',
      comment:
        commentOf(property) ||
        (ts.isIdentifier(value) ? commentOf(constants.get(value.text)?.parent?.parent?.parent ?? {}) : ''),
    };
    return [row, ...(nested ? rowsOf(nested.given[0], `${key}${element ? '[]' : ''}.`, constants) : [])];
  });
}

export function configurationReference() {
  const constants = constantsOf(SOURCE);
  const [{ given }] = callsOf(constants.get('schema'), constants);
  const rows = rowsOf(given[0], '', constants);
  const silent = rows.filter(({ comment, kind }) => !comment && kind !== 'section').map(({ key }) => key);
  if (silent.length > 0) throw new Error(`${SOURCE}: no comment says what these are: ${silent.join(', ')}.`);
  return `# Configuration

Generated from \`${SOURCE}\` by \`npm run reference\`; edit the code, not this page.

\`falaj.config.ts\` stands in the folder from which the platform is started, or above it, and exports \`defineConfig({...})\`. A key that is not
here is refused, and every mistake is told at once, each with its path. What the environment sets is in [the architecture](../architecture.md#one-process-or-split-by-role).

| Key | Value | Default | Meaning |
| --- | ----- | ------- | ------- |
${rows.map(({ key, kind, fallback, comment }) => `| \`${key}\` | ${kind} | ${fallback} | ${comment} |`).join('\n')}
`;
}
