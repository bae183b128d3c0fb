import type { Logger } from './logger.js';

/** Does something again and again, never twice at once; `stop` waits for what is under way, then does it a last time. */
export function periodically(
  what: string,
  everyMs: number,
  work: () => Promise<void>,
  log: Pick<Logger, 'warn'>,
  { lastTime }: { readonly lastTime: boolean },
): { stop(): Promise<void> } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const once = () => work().catch((error: unknown) => log.warn(`${what} failed`, { error: String(error) }));
  const next = (): void => {
    timer = setTimeout(() => {
      running = once().then(() => {
        if (!stopped) next();
      });
    }, everyMs);
    timer.unref();
  };
  next();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
      if (lastTime) await once();
    },
  };
}
