/** One Ctrl-C comes twice: the terminal signals the whole group, and what started this process passes its own on. */
const ONE_PRESS_MS = 1_000;

/** Resolves once a signal came and everything stopped; another one a second later ends the process at once. */
export async function stopOnSignal(stop: () => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => {
    let since: number | undefined;
    const onSignal = () => {
      if (since === undefined) {
        since = performance.now();
        process.stdout.write('\nStopping …\n');
        resolve();
      } else if (performance.now() - since > ONE_PRESS_MS) process.exit(1);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
  await stop();
  process.exit(0);
}
