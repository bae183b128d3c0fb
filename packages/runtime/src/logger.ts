import { trace } from '@opentelemetry/api';
import { pino } from 'pino';
import { withoutSecrets } from './secret.js';

type Fields = Readonly<Record<string, unknown>>;

/** Structured log: one JSON object a line on standard error, trace id included. */
export interface Logger {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  child(fields: Fields): Logger;
}

const output = pino.destination({ dest: 2, sync: true });

const root = pino(
  {
    level: process.env.FALAJ_LOG_LEVEL ?? 'info',
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    // A secret that slips into a log call must not reach the file.
    redact: {
      paths: ['*.password', '*.token', '*.secret', '*.authorization', 'password', 'token', 'secret', 'authorization'],
      censor: '[secret]',
    },
    mixin: () => {
      const span = trace.getActiveSpan()?.spanContext();
      return span ? { traceId: span.traceId } : {};
    },
  },
  { write: (line) => output.write(withoutSecrets(line)) },
);

const wrap = (log: pino.Logger): Logger => ({
  debug: (message, fields) => log.debug(fields ?? {}, message),
  info: (message, fields) => log.info(fields ?? {}, message),
  warn: (message, fields) => log.warn(fields ?? {}, message),
  error: (message, fields) => log.error(fields ?? {}, message),
  child: (fields) => wrap(log.child(fields)),
});

export function createLogger(component: string): Logger {
  return wrap(root.child({ component }));
}
