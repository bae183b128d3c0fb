// What a journey sent and got, made comparable between two platforms.

export interface Exchange {
  /** Name of the GraphQL operation, or the path of another request. */
  readonly operation: string;
  readonly mutation: boolean;
  readonly variables: unknown;
  readonly status: number;
  readonly body: unknown;
}

/** Records every request that `work` makes by `fetch`; event streams are left alone, for their pace is no answer. What is in `exchanges` is known also while it works, and when it fails. */
export async function recordExchanges<T>(
  work: () => Promise<T>,
  exchanges: Exchange[] = [],
): Promise<{ readonly result: T; readonly exchanges: readonly Exchange[] }> {
  const original = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const response = await original(input, init);
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    if (pathname.endsWith('/stream')) return response;
    const body = (await response.clone().json()) as unknown;
    const sent = JSON.parse(String(init?.body ?? '{}')) as { query?: string; variables?: unknown };
    const [, kind, name] = /(query|mutation)\s+(\w+)/.exec(sent.query ?? '') ?? [];
    exchanges.push({
      operation: name ?? pathname,
      mutation: kind === 'mutation',
      variables: sent.variables ?? null,
      status: response.status,
      body,
    });
    return response;
  };
  try {
    return { result: await work(), exchanges };
  } finally {
    globalThis.fetch = original;
  }
}

/** Ids that answered mutations name: what they stand for must last. */
export function acknowledgedIds(exchanges: readonly Exchange[]): string[] {
  const ids = new Set<string>();
  const walk = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return;
    if ('id' in value && typeof value.id === 'string') ids.add(value.id);
    for (const item of Object.values(value)) walk(item);
  };
  for (const { body, mutation } of exchanges) if (mutation) walk((body as { data?: unknown }).data);
  return [...ids];
}

const OPAQUE_ID = /\b[a-z]{2,5}_[0-9a-f]{20,}\b/g;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/;
/** What no two platforms share: the root of the audit log hashes ids and times. */
const SECRETS = new Set(['token', 'traceId', 'cursor', 'endCursor', 'startCursor', 'root']);
/** Asked until the answer suits. */
const POLLED = new Set(['VerifyAuditLog']);
/** What is made now ends within this time. */
const MONTH_MS = 31 * 86_400_000;

/** Of a query asked until its answer suits, the last. Ids by order of first appearance; instants about now, tokens and the journey's label by their kind; all else as it is. */
export function normalised(exchanges: readonly Exchange[], label: string): Exchange[] {
  const ids = new Map<string, string>();
  const walk = (value: unknown, key = ''): unknown => {
    if (Array.isArray(value)) return value.map((item) => walk(item, key));
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, walk(item, name)]));
    }
    if (typeof value !== 'string') return value;
    if (SECRETS.has(key)) return `<${key}>`;
    if (INSTANT.test(value) && Math.abs(Date.parse(value) - Date.now()) < MONTH_MS) return '<now>';
    return value.replaceAll(label, '<label>').replaceAll(OPAQUE_ID, (id) => {
      if (!ids.has(id)) ids.set(id, `<id ${ids.size}>`);
      return ids.get(id) ?? '';
    });
  };
  return exchanges
    .filter(({ operation }, place) => !POLLED.has(operation) || exchanges[place + 1]?.operation !== operation)
    .map((exchange) => walk(exchange) as Exchange);
}
