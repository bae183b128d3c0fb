// Writes docs/reference from the code's own tables, so that no page can say other than the code.
// `--check` writes nothing and fails where a checked-in page is stale. Needs a build: `npm run reference` brings one.
import { readFileSync, writeFileSync } from 'node:fs';
import { errorCodes } from '../packages/runtime/dist/error-codes.js';
import { configurationReference } from './configuration-reference.mjs';

const yes = (value) => (value ? 'yes' : 'no');
const rows = Object.entries(errorCodes)
  .map(
    ([name, row]) =>
      `| \`${name}\` | ${row.http} | ${yes(row.retryable)} | ${yes(row.public)} | ${row.since} | ${row.meaning} |`,
  )
  .join('\n');

const text = `# Error codes

Generated from \`packages/runtime/src/error-codes.ts\` by \`npm run reference\`; edit the code, not this page.

Every error of the graph carries \`extensions.code\`, \`extensions.retryable\` and \`extensions.traceId\`; some carry \`details\`
(machine-readable facts) and \`retryAfterMs\`. A code is never reused and its meaning never changes.

- **HTTP**: the status of a request that is refused before it is executed, and of the inference protocol (there
  \`PRECONDITION_FAILED\` is 503: the model does not serve). A fault while a GraphQL
  document is executed comes with status 200 and \`errors\`.
- **Retryable**: the same request may succeed later without a change.
- **Public**: the message is shown to the caller; otherwise the meaning below stands in its place, and the trace id leads to the log.

| Code | HTTP | Retryable | Public | Since | Meaning |
| ---- | ---- | --------- | ------ | ----- | ------- |
${rows}

Three codes are GraphQL's own and are not in the table: \`GRAPHQL_PARSE_FAILED\`, \`GRAPHQL_VALIDATION_FAILED\` and
\`PERSISTED_QUERY_NOT_FOUND\`. They mean that the document must change; they are not retryable.
`;

for (const [name, wanted] of [
  ['errors', text],
  ['configuration', configurationReference()],
]) {
  const page = new URL(`../docs/reference/${name}.md`, import.meta.url);
  if (!process.argv.includes('--check')) writeFileSync(page, wanted);
  else if (readFileSync(page, 'utf8') !== wanted) {
    process.stderr.write(`docs/reference/${name}.md is not what the code gives: run \`npm run reference\`.\n`);
    process.exitCode = 1;
  }
}
