// GraphiQL from our own origin: the files of its npm packages, nothing from a stranger's server.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';

const require = createRequire(import.meta.url);
const beside = (manifest: string, path: string) => join(dirname(manifest), path);
const react = require.resolve('react/package.json');
const reactDom = require.resolve('react-dom/package.json');
const graphiql = require.resolve('graphiql/package.json');

const assets: Readonly<Record<string, { path: string; type: string }>> = {
  'react.js': { path: beside(react, 'umd/react.production.min.js'), type: 'text/javascript' },
  'react-dom.js': { path: beside(reactDom, 'umd/react-dom.production.min.js'), type: 'text/javascript' },
  'graphiql.js': { path: beside(graphiql, 'graphiql.min.js'), type: 'text/javascript' },
  'graphiql.css': { path: beside(graphiql, 'graphiql.min.css'), type: 'text/css' },
};

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Falaj graph</title>
<link rel="stylesheet" href="/graphiql/graphiql.css">
<link rel="stylesheet" href="/graphiql/page.css">
</head>
<body>
<form id="identity">
<label>Token <input id="token" type="password" autocomplete="off" spellcheck="false"></label>
<label>Workspace <input id="workspace" type="text" spellcheck="false"></label>
</form>
<div id="graphiql"></div>
<script src="/graphiql/react.js"></script>
<script src="/graphiql/react-dom.js"></script>
<script src="/graphiql/graphiql.js"></script>
<script src="/graphiql/page.js"></script>
</body>
</html>
`;

const pageStyle = `body { margin: 0; display: flex; flex-direction: column; height: 100vh; font: 14px system-ui, sans-serif; }
#identity { display: flex; gap: 1.5rem; padding: .5rem 1rem; border-bottom: 1px solid #ddd; }
#identity input { width: 18rem; padding: .25rem .5rem; }
#graphiql { flex: 1; min-height: 0; }
`;

// The token stays in the tab: it is kept in the field, never in storage.
const pageScript = `const field = (id) => document.getElementById(id).value.trim();
document.getElementById('identity').addEventListener('submit', (event) => event.preventDefault());
const fetcher = (params, options) => GraphiQL.createFetcher({
  url: '/graphql',
  headers: {
    ...(field('token') ? { authorization: 'Bearer ' + field('token') } : {}),
    ...(field('workspace') ? { 'x-falaj-workspace': field('workspace') } : {}),
  },
})(params, options);
ReactDOM.createRoot(document.getElementById('graphiql')).render(React.createElement(GraphiQL, { fetcher }));
`;

// GraphiQL's editor sets styles on elements and keeps fonts as data: urls; scripts come from here only.
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Registers GET /graphiql. */
export function serveGraphiql(app: FastifyInstance): void {
  app.get('/graphiql', async (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', policy)
      .header('referrer-policy', 'no-referrer')
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'no-store')
      .send(page),
  );
  app.get('/graphiql/page.css', async (_request, reply) => reply.type('text/css').send(pageStyle));
  app.get('/graphiql/page.js', async (_request, reply) => reply.type('text/javascript').send(pageScript));
  const read = new Map<string, Buffer>();
  for (const [name, { path, type }] of Object.entries(assets)) {
    app.get(`/graphiql/${name}`, async (_request, reply) => {
      const bytes = read.get(name) ?? readFileSync(path);
      read.set(name, bytes);
      return reply
        .type(type)
        .header('cache-control', 'public, max-age=86400, immutable')
        .header('x-content-type-options', 'nosniff')
        .send(bytes);
    });
  }
}
