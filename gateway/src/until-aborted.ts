/**
 * The items of `source` until it or the signal ends. A generator that waits for its next event cannot be returned from
 * outside before that event comes: the wait itself must end with the signal.
 */
export async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  const { promise: aborted, resolve: abort } = Promise.withResolvers<undefined>();
  const end = () => abort(undefined);
  signal.addEventListener('abort', end, { once: true });
  try {
    while (!signal.aborted) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (!next || next.done) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', end);
    // Not awaited: the source may be in a wait of its own, which the same signal ends.
    void Promise.resolve(iterator.return?.()).catch(() => {});
  }
}
