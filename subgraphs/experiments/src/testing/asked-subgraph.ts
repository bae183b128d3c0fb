// What the test platforms of this folder share: how a subgraph is asked, and where its artifacts go.
import { createHash } from 'node:crypto';
import { PlatformError, type Principal } from '@falaj/runtime';
import type { Subgraph } from '@falaj/subgraph-kit';
import { parse } from 'graphql';

// biome-ignore lint/suspicious/noExplicitAny: answers are checked by what is expected of them.
export type Loose = any;

export interface Answer {
  readonly data: Loose;
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly details: Loose;
}

export async function askSubgraph(
  subgraph: Subgraph,
  principal: Principal,
  document: string,
  variables: Record<string, unknown> = {},
): Promise<Answer> {
  const context = { principal, requestId: 'r-1', traceparent: '', signal: new AbortController().signal };
  const result = await subgraph.execute({ document: parse(document), variables, context });
  if (Symbol.asyncIterator in result) throw new Error('expected one result');
  const [error] = result.errors ?? [];
  return {
    data: JSON.parse(JSON.stringify(result.data ?? null)),
    code: error?.extensions?.code as string | undefined,
    message: error?.message,
    details: error?.extensions?.details,
  };
}

/** What the vault does is tested with the vault; this one keeps bytes and holds them against their digest. */
export function keepingVault() {
  const objects = new Map<string, Uint8Array>();
  const digestOf = (data: Uint8Array) => `sha256:${createHash('sha256').update(data).digest('hex')}`;
  return {
    async put({ key, data }: { key: string; data: Uint8Array }) {
      objects.set(key, Uint8Array.from(data));
      return { key, digest: digestOf(data), bytes: data.length };
    },
    async get(key: string, expected: string) {
      const data = objects.get(key);
      if (!data || digestOf(data) !== expected) throw new PlatformError('ARTIFACT_CORRUPT', key);
      return data;
    },
  };
}
