// Lines and progress of one held run, written a few times a second and not per call.
import { createHash } from 'node:crypto';
import type { Json, Logger } from '@falaj/runtime';
import { type Journal, LeaseLost, type LogLine } from './journal.js';
import { toJson } from './run-record.js';

const FLUSH_MS = 150;
const LONGEST_MESSAGE = 10_000;

type Facts = Readonly<Record<string, Json | undefined>>;

export interface RunLog {
  /** A line of the workflow function, or of one attempt of a step. */
  line(message: string, facts: Facts | undefined, step?: { key: string; attempt: number }): void;
  progress(value: Json): void;
  flush(): Promise<void>;
}

export function openRunLog(journal: Journal, log: Logger): RunLog {
  const occurrences = new Map<string, number>();
  let lines: LogLine[] = [];
  let progress: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(async () => {
      const [batch, latest] = [lines, progress];
      if (batch.length === 0 && latest === undefined) return;
      lines = [];
      progress = undefined;
      try {
        await journal.write(batch, latest);
      } catch (error) {
        if (!(error instanceof LeaseLost)) log.warn('log lines of a run could not be saved', { reason: String(error) });
      }
    });
    return writing;
  };
  const soon = () => {
    timer ??= setTimeout(() => void flush(), FLUSH_MS);
  };

  return {
    line(message, facts = {}, step) {
      const from = step ? `${step.key}#${step.attempt}` : '';
      const text = `${from}|${message}|${toJson(facts, 'The facts of a log line')}`;
      // The nth repetition of the same text: what a second pass of the function says again is known by it.
      const nth = (occurrences.get(text) ?? 0) + 1;
      occurrences.set(text, nth);
      const mark = createHash('sha256').update(`${nth}|${text}`).digest('base64url');
      lines.push({ mark, step: step?.key ?? null, message: message.slice(0, LONGEST_MESSAGE), facts, at: new Date() });
      soon();
    },
    progress(value) {
      progress = toJson(value, 'The progress of a run');
      soon();
    },
    flush,
  };
}
