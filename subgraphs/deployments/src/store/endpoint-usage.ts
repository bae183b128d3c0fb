// What endpoints used, told to governance, which charges it by the prices of the process's pool.
import { isPlatformError, type Logger } from '@falaj/runtime';
import { computePool, type Platform } from '@falaj/subgraph-kit';
import type { Inference, InferenceObserver } from '../domain/inference-observer.js';
import { askAsProgram } from './program.js';

const RECORD_USAGE = /* GraphQL */ `
  mutation UsageOfEndpoint($input: RecordUsageInput!) {
    recordUsage(input: $input) { created }
  }
`;
/** Reports that wait while governance is away; older ones are let go and logged. */
const MOST_WAITING = 2_000;

const REFUSED: ReadonlySet<string> = new Set(['BAD_USER_INPUT', 'FORBIDDEN', 'CONFLICT', 'PRECONDITION_FAILED']);

interface Interval {
  readonly endpoint: Inference['endpoint'];
  readonly startedAt: Date;
  requests: number;
  busyMs: number;
}

interface Report {
  readonly endpoint: Inference['endpoint'];
  readonly input: Readonly<Record<string, unknown>>;
}

/** Requests, and the seconds that they took from the first byte's decoding to the answer; shadows count, for they cost too. */
export class EndpointUsage implements InferenceObserver {
  readonly #graph: Platform['graph'];
  readonly #log: Pick<Logger, 'warn'>;
  readonly #process: string;
  #intervals = new Map<string, Interval>();
  #waiting: Report[] = [];

  constructor(
    { graph, log }: { readonly graph: Platform['graph']; readonly log: Pick<Logger, 'warn'> },
    process: string,
  ) {
    this.#graph = graph;
    this.#log = log;
    this.#process = process;
  }

  observe({ endpoint, latencyMs }: Inference): void {
    let interval = this.#intervals.get(endpoint.id);
    if (!interval) {
      interval = { endpoint, startedAt: new Date(), requests: 0, busyMs: 0 };
      this.#intervals.set(endpoint.id, interval);
    }
    interval.requests++;
    interval.busyMs += latencyMs;
  }

  /** Closes the interval and reports it; what governance did not take waits under the same key, so that it counts once. */
  async flush(): Promise<void> {
    for (const interval of this.#intervals.values()) this.#waiting.push(...reportsOf(interval, this.#process));
    this.#intervals = new Map();
    const lost = this.#waiting.splice(0, Math.max(0, this.#waiting.length - MOST_WAITING));
    if (lost.length > 0) this.#log.warn('usage of endpoints was not recorded', { reports: lost.length });
    while (this.#waiting.length > 0) {
      const report = this.#waiting[0] as Report;
      const { id, workspaceId, zone } = report.endpoint;
      const program = { id: 'endpoint-usage', name: 'endpoint usage', workspaceId, zone };
      const told = askAsProgram(this.#graph, program, RECORD_USAGE, { input: report.input }, id);
      // A report that is refused for what it says would be refused for ever, and keep all others waiting.
      await told.catch((error: unknown) => {
        if (!isPlatformError(error) || error.retryable || !REFUSED.has(error.code)) throw error;
        this.#log.warn('usage of an endpoint was refused', { endpoint: id, code: error.code, error: error.message });
      });
      this.#waiting.shift();
    }
  }
}

function reportsOf({ endpoint, startedAt, requests, busyMs }: Interval, process: string): Report[] {
  const common = {
    pool: computePool(),
    subjectType: 'Endpoint',
    subjectId: endpoint.id,
    startedAt,
    // A clock may be set back.
    endedAt: new Date(Math.max(Date.now(), startedAt.getTime())),
  };
  const key = `endpoint:${endpoint.id}:${process}:${startedAt.getTime()}`;
  return [
    { endpoint, input: { ...common, key: `${key}:requests`, unit: 'REQUEST', quantity: requests } },
    { endpoint, input: { ...common, key: `${key}:wall`, unit: 'WALL_SECOND', quantity: busyMs / 1_000 } },
  ];
}
