import { anonymous } from '@falaj/runtime';
import { buildSchema, execute, parse } from 'graphql';
import { expect, test } from 'vitest';
import { composeSupergraph } from './compose.js';
import type { LocalSubgraph, RequestContext } from './contract.js';
import { loadGraph } from './graph.js';

test('two callers of one query at once each get their own answer', async () => {
  const schema = buildSchema('type Query { me: String! }');
  let hits = 0;
  const who: LocalSubgraph = {
    name: 'who',
    execute: async ({ document, context }) => {
      hits += 1;
      return execute({ schema, document, rootValue: { me: context.principal.id } });
    },
  };
  const { supergraphSdl } = composeSupergraph([{ name: 'who', sdl: 'type Query { me: String! }' }]);
  const graph = await loadGraph({ supergraphSdl, subgraphs: [who], identityHeaders: async () => ({}) });
  const document = parse('{ me }');
  const as = (id: string): RequestContext => ({
    principal: { ...anonymous, id },
    requestId: id,
    traceparent: '',
    signal: new AbortController().signal,
  });
  const answers = await Promise.all(['alice', 'bob'].map((id) => graph.execute(document, {}, as(id))));
  expect(answers.map(({ data }) => data?.me)).toEqual(['alice', 'bob']);
  expect(hits).toBe(2);
});
