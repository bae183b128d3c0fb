/** The Open Inference Protocol v2 over HTTP, for whoever serves /v2. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Principal } from '@falaj/runtime';
import { faultOf, HttpFault } from './http-fault.js';
import { decodeRequest, encodeResponse, MAX_SUBJECT } from './infer-messages.js';
import { newInferenceId } from './inference-id.js';
import { metadataOf, statisticsOf } from './model-metadata.js';
import { readBody } from './request-body.js';
import type { ServedModel } from './served-model.js';

export interface InferencePorts {
  /** Throws PlatformError UNAUTHENTICATED. */
  authenticate(request: IncomingMessage): Promise<Principal>;
  readonly models: {
    list(
      principal: Principal,
    ): Promise<readonly { readonly name: string; readonly version: string; readonly ready: boolean }[]>;
    /** Throws PlatformError NOT_FOUND, FORBIDDEN, or PRECONDITION_FAILED when the model is not ready. */
    resolve(principal: Principal, name: string, version?: string): Promise<ServedModel>;
  };
  ready(): Promise<boolean>;
  readonly limits: InferenceLimits;
}

export interface InferenceLimits {
  readonly maxBodyBytes: number;
  /** For the body to arrive. */
  readonly bodyTimeoutMs: number;
  /** For the model to answer once the body is here; 504 after it. */
  readonly inferTimeoutMs: number;
}

const SERVER = { name: 'falaj', version: '2', extensions: ['binary_tensor_data', 'statistics'] };
const MODEL_PATH = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/(ready|stats|infer))?$/;
const JSON_TYPE = 'application/json';

interface Route {
  readonly model: string;
  readonly version: string | undefined;
  readonly action: string;
}

/** Answers every request itself, errors included; never rejects. */
export function createInferenceHandler(
  ports: InferencePorts,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  // Paths repeat; a bounded memory of them saves the parsing.
  const routes = new Map<string, Route>();
  const routeOf = (path: string): Route | undefined => {
    const known = routes.get(path);
    if (known !== undefined) return known;
    const match = MODEL_PATH.exec(path);
    if (match === null) return undefined;
    const route = {
      model: decoded(match[1] as string),
      version: match[2] && decoded(match[2]),
      action: match[3] ?? '',
    };
    if (routes.size >= 1000) routes.clear();
    routes.set(path, route);
    return route;
  };

  return async (request, response) => {
    try {
      const url = request.url ?? '';
      const query = url.indexOf('?');
      const path = query < 0 ? url : url.slice(0, query);
      const route = routeOf(path);
      if (route?.action === 'infer') await infer(ports, route, request, response);
      else await inform(ports, path, route, request, response);
    } catch (error) {
      refuse(request, response, faultOf(error));
    }
  };
}

async function infer(
  ports: InferencePorts,
  route: Route,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  allow(request, 'POST');
  const { limits } = ports;
  const principal = await ports.authenticate(request);
  const model = await ports.models.resolve(principal, route.model, route.version);
  if (!model.ready) throw new HttpFault(503, 'PRECONDITION_FAILED', `Model "${route.model}" is not ready.`);
  const { headers } = request;
  const headerLength = headers['inference-header-content-length'];
  checkContentType(headers['content-type'], headerLength !== undefined);
  const message = decodeRequest(
    await readBody(request, limits.maxBodyBytes, limits.bodyTimeoutMs),
    headerLength as string | undefined,
  );
  const caller = new AbortController();
  const onClose = () => caller.abort(new HttpFault(400, 'BAD_USER_INPUT', 'The caller went away.'));
  const timer = setTimeout(
    () =>
      caller.abort(
        new HttpFault(504, 'PLUGIN_TIMEOUT', `The model did not answer within ${limits.inferTimeoutMs} ms.`),
      ),
    limits.inferTimeoutMs,
  );
  response.once('close', onClose);
  try {
    const names = message.outputs.length === 0 ? ALL : message.outputs.map(({ name }) => name);
    const { id } = message;
    const inferenceId = newInferenceId();
    const subject = message.subject ?? subjectHeader(headers['x-falaj-subject']);
    const chosen = model.choose?.(subject ?? id ?? inferenceId) ?? model;
    const purpose = purposeHeader(headers['x-falaj-purpose']);
    const context = { principal, signal: caller.signal, id, subject, inferenceId, purpose };
    const outputs = await chosen.infer(message.inputs, names, context);
    const answer = encodeResponse(message, {
      modelName: chosen.name,
      modelVersion: chosen.version,
      id,
      parameters: chosen.parameters && { ...chosen.parameters, inference_id: inferenceId },
      outputs,
    });
    const length = Buffer.byteLength(answer.body);
    if (answer.headerLength === undefined) {
      response.writeHead(200, { 'content-type': JSON_TYPE, 'content-length': length });
    } else {
      response.writeHead(200, {
        'content-type': 'application/octet-stream',
        'content-length': length,
        'inference-header-content-length': answer.headerLength,
      });
    }
    response.end(answer.body);
  } finally {
    clearTimeout(timer);
    response.off('close', onClose);
  }
}

const ALL: readonly string[] = [];

function subjectHeader(value: string | readonly string[] | undefined): string | undefined {
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string' && value.length <= MAX_SUBJECT) return value;
  throw new HttpFault(400, 'BAD_USER_INPUT', `X-Falaj-Subject must be one text of at most ${MAX_SUBJECT} characters.`);
}

/** As the gateway takes it. */
function purposeHeader(value: string | readonly string[] | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && /^[\x20-\x7e]{1,200}$/.test(value)) return value;
  throw new HttpFault(400, 'BAD_USER_INPUT', 'X-Falaj-Purpose must be 1 to 200 printable ASCII characters.');
}

async function inform(
  ports: InferencePorts,
  path: string,
  route: Route | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (path.startsWith('/v2/repository/')) {
    throw new HttpFault(501, 'NOT_FOUND', 'Models are loaded by deployments, not by this protocol.');
  }
  // Probes carry no credentials and tell nothing about models.
  if (path === '/v2/health/live') {
    allow(request, 'GET', 'HEAD');
    return send(request, response, 200, { live: true });
  }
  if (path === '/v2/health/ready') {
    allow(request, 'GET', 'HEAD');
    const ready = await ports.ready();
    if (!ready) throw new HttpFault(503, 'PRECONDITION_FAILED', 'The server is not ready.');
    return send(request, response, 200, { ready, live: true });
  }
  const root = path === '/v2' || path === '/v2/';
  const list = path === '/v2/models' || path === '/v2/models/';
  if (!root && !list && route === undefined) throw new HttpFault(404, 'NOT_FOUND', `Nothing is served at ${path}.`);
  allow(request, 'GET', 'HEAD');
  const principal = await ports.authenticate(request);
  if (root) return send(request, response, 200, SERVER);
  if (list) return send(request, response, 200, { models: await ports.models.list(principal) });
  const { model: name, version, action } = route as Route;
  const model = await ports.models.resolve(principal, name, version);
  if (action === 'ready' && !model.ready)
    throw new HttpFault(503, 'PRECONDITION_FAILED', `Model "${name}" is not ready.`);
  if (action === 'ready') return send(request, response, 200, { name, ready: true });
  if (action === 'stats') return send(request, response, 200, { model_stats: [statisticsOf(model)] });
  send(request, response, 200, metadataOf(model));
}

function allow(request: IncomingMessage, ...methods: readonly string[]): void {
  if (methods.includes(request.method ?? '')) return;
  throw new HttpFault(
    405,
    'BAD_USER_INPUT',
    `Method ${request.method} is not allowed here; use ${methods.join(' or ')}.`,
    {
      headers: { allow: methods.join(', ') },
    },
  );
}

function checkContentType(value: string | undefined, binary: boolean): void {
  if (value === undefined || value === JSON_TYPE || value.startsWith(`${JSON_TYPE};`)) return;
  if (binary && value === 'application/octet-stream') return;
  const hint = value === 'application/octet-stream' ? ' Binary tensors need Inference-Header-Content-Length.' : '';
  throw new HttpFault(400, 'BAD_USER_INPUT', `Content-Type must be ${JSON_TYPE}, found ${value}.${hint}`);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpFault(400, 'BAD_USER_INPUT', `The path segment ${segment} is not percent-encoded correctly.`);
  }
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { ...headers, 'content-type': JSON_TYPE, 'content-length': Buffer.byteLength(text) });
  response.end(request.method === 'HEAD' ? undefined : text);
}

function refuse(request: IncomingMessage, response: ServerResponse, fault: HttpFault): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  // An unread body would be taken for the next request.
  const closes = fault.closes || !request.complete;
  send(
    request,
    response,
    fault.status,
    { error: fault.message },
    {
      ...fault.headers,
      'x-falaj-error-code': fault.code,
      ...(closes ? { connection: 'close' } : {}),
    },
  );
}
