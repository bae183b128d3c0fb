/** Runs one piece of work again and again, never twice at a time: soon after a kick, and at the latest after the interval. */
export interface Pump {
  kick(): void;
  /** Resolves when the work is not running and will not run again. */
  stop(): Promise<void>;
}

export function startPump(work: () => Promise<void>, everyMs: number, failed: (error: unknown) => void): Pump {
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  const go = async (): Promise<void> => {
    do {
      again = false;
      await work().catch(failed);
    } while (again && !stopped);
    running = undefined;
  };
  const kick = () => {
    if (stopped) return;
    again = true;
    running ??= go();
  };
  const timer = setInterval(kick, everyMs);
  kick();
  return {
    kick,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
