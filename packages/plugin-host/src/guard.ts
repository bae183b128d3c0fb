// The one way into a plugin. Outermost first: span and record, circuit breaker, bulkhead, deadline, one retry, the call,
// the check of its answer, translation of its errors. `serving.infer` passes here: no allocation without need.
import type { Call, Kind, PluginLog } from '@falaj/contracts';
import { isPluginError } from '@falaj/plugin-sdk';
import {
  counter,
  currentTraceparent,
  duration,
  isPlatformError,
  PlatformError,
  refused,
  withoutSecrets,
  withSpan,
} from '@falaj/runtime';
import { Bulkhead } from './bulkhead.js';
import { CircuitBreaker } from './circuit-breaker.js';
import type { MethodContract } from './kind-contracts.js';
import type { PluginCallRecord } from './plugin-config.js';
import { platformErrorOf, speaksForPlugin } from './plugin-fault.js';

/** Reaches the plugin itself, in this process or in its own. */
export type Invoke = (method: string, args: unknown, call: Call) => Promise<unknown>;

export interface GuardOptions {
  readonly kind: Kind;
  readonly name: string;
  readonly invoke: Invoke;
  readonly log: PluginLog;
  readonly clock: () => number;
  readonly maxConcurrent: number;
  /** Where it sends what it is given; absent = not known. */
  readonly egressZones?: readonly string[];
  /** Replaces every method's own deadline. */
  readonly timeoutMs?: number;
  readonly onCall?: (record: PluginCallRecord) => void;
}

const callSeconds = duration('falaj_plugin_call_seconds', 'Duration of plugin calls, waiting included.', [
  'kind',
  'plugin',
  'method',
]);
const callOutcomes = counter('falaj_plugin_calls_total', 'Plugin calls by outcome: OK or the error code.', [
  'kind',
  'plugin',
  'method',
  'outcome',
]);

type GuardedMethod = (args: unknown, call: Call) => Promise<unknown>;

export class Guard {
  readonly breaker: CircuitBreaker;
  readonly #options: GuardOptions;
  readonly #bulkhead: Bulkhead;
  readonly #plugin: string;
  calls = 0;
  failures = 0;
  lastError: string | null = null;

  constructor(options: GuardOptions) {
    this.#options = options;
    this.#plugin = `${options.kind}/${options.name}`;
    this.#bulkhead = new Bulkhead(options.maxConcurrent);
    this.breaker = new CircuitBreaker(options.clock);
  }

  /** The guarded form of one method; made once, called often. */
  method(method: string, contract: MethodContract): GuardedMethod {
    const { kind, name, onCall } = this.#options;
    const spanName = `plugin.${kind}.${method}`;
    const attributes = { 'falaj.plugin.kind': kind, 'falaj.plugin.name': name, 'falaj.plugin.method': method };
    const seconds = callSeconds.labels(kind, name, method);
    const succeeded = callOutcomes.labels(kind, name, method, 'OK');
    const timeoutMs = this.#options.timeoutMs ?? contract.timeoutMs;

    return async (args, call) => {
      const started = performance.now();
      let outcome: PluginCallRecord['outcome'] = 'OK';
      this.calls += 1;
      try {
        const result = await withSpan(spanName, attributes, () =>
          this.#throughBreaker(method, contract, timeoutMs, args, call),
        );
        succeeded.inc();
        return result;
      } catch (thrown) {
        const error = platformErrorOf(this.#plugin, method, thrown);
        outcome = error.code;
        this.failures += 1;
        this.lastError = `${method}: ${describe(thrown)}`;
        callOutcomes.labels(kind, name, method, outcome).inc();
        this.#options.log.warn('Plugin call failed.', { method, code: outcome, error: describe(thrown) });
        throw error;
      } finally {
        const elapsed = performance.now() - started;
        seconds.observe(elapsed / 1000);
        onCall?.({
          kind,
          plugin: name,
          method,
          principal: call.principal,
          workspace: call.workspace,
          zone: call.zone,
          traceparent: call.traceparent,
          startedAt: this.#options.clock() - elapsed,
          durationMs: elapsed,
          outcome,
        });
      }
    };
  }

  async #throughBreaker(method: string, contract: MethodContract, timeoutMs: number, args: unknown, call: Call) {
    const admission = this.breaker.enter();
    if (admission === 'REFUSED') {
      throw new PlatformError(
        'PLUGIN_UNAVAILABLE',
        `Plugin ${this.#plugin} is resting after repeated failures; the last one: ${this.lastError ?? 'unknown'}`,
        { details: { plugin: this.#plugin, method, breaker: 'OPEN' }, retryAfterMs: this.breaker.retryAfterMs() },
      );
    }
    let health: boolean | null = null;
    try {
      this.#assertEgress(method, call.zone);
      const result = await this.#throughBulkhead(method, contract, timeoutMs, args, call);
      health = true;
      return result;
    } catch (thrown) {
      // The host's own refusals come as PlatformError: only a timeout or a broken answer speaks against the plugin.
      health = isPlatformError(thrown)
        ? thrown.code === 'PLUGIN_TIMEOUT' || (thrown.code === 'PLUGIN_FAILED' && !thrown.details.cancelled)
          ? false
          : null
        : speaksForPlugin(thrown);
      throw thrown;
    } finally {
      this.breaker.settle(admission, health);
    }
  }

  /** Before the plugin sees an argument. The platform's own calls, such as for its health, hand over no data of a zone. */
  #assertEgress(method: string, zone: string): void {
    const abroad = this.#options.egressZones?.find((target) => target !== zone);
    if (abroad === undefined || zone === '') return;
    throw refused(
      {
        rule: 'PLUGIN_EGRESS',
        found: `${method} of ${this.#plugin}, which sends into ${abroad}, for ${zone}`,
        limit: `a plugin that sends nowhere but ${zone}`,
        whatToDo: 'configure a plugin whose egressZones are the zone of the data',
      },
      'RESIDENCY_VIOLATION',
      { plugin: this.#plugin, targetZone: abroad, allowedZones: [zone] },
    );
  }

  async #throughBulkhead(method: string, contract: MethodContract, timeoutMs: number, args: unknown, call: Call) {
    if (call.signal.aborted) throw this.#cancelled(method, call.signal);
    if (!this.#bulkhead.tryEnter()) {
      const refusal = await this.#bulkhead.wait(timeoutMs, call.signal);
      if (refusal === 'CANCELLED') throw this.#cancelled(method, call.signal);
      if (refusal !== null) {
        throw new PlatformError(
          'PLUGIN_UNAVAILABLE',
          `Plugin ${this.#plugin} is busy: ${this.#options.maxConcurrent} calls run and more wait. Try again, or raise its maxConcurrent.`,
          { details: { plugin: this.#plugin, method, bulkhead: refusal } },
        );
      }
    }
    try {
      return await this.#underDeadline(method, contract, timeoutMs, args, call);
    } finally {
      this.#bulkhead.leave();
    }
  }

  #underDeadline(
    method: string,
    contract: MethodContract,
    timeoutMs: number,
    args: unknown,
    call: Call,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const deadline = new AbortController();
      const stop = (error: PlatformError) => {
        deadline.abort(error);
        reject(error);
      };
      const cancel = () => stop(this.#cancelled(method, call.signal));
      // Ref'd on purpose: a process that waits only for this call must not end silently.
      const timer = setTimeout(
        () =>
          stop(
            new PlatformError(
              'PLUGIN_TIMEOUT',
              `Plugin ${this.#plugin}, ${method}: no answer within ${timeoutMs} ms.`,
              {
                details: { plugin: this.#plugin, method, timeoutMs },
              },
            ),
          ),
        timeoutMs,
      );
      call.signal.addEventListener('abort', cancel, { once: true });
      const inner: Call = {
        ...call,
        signal: deadline.signal,
        log: this.#options.log,
        traceparent: currentTraceparent() || call.traceparent,
      };
      this.#attempt(method, contract, args, inner)
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(timer);
          call.signal.removeEventListener('abort', cancel);
        });
    });
  }

  async #attempt(method: string, contract: MethodContract, args: unknown, call: Call): Promise<unknown> {
    let result: unknown;
    try {
      result = await this.#options.invoke(method, args, call);
    } catch (thrown) {
      const again = contract.idempotent && isPluginError(thrown) && thrown.retryable && !call.signal.aborted;
      if (!again) throw thrown;
      result = await this.#options.invoke(method, args, call);
    }
    let wrong: string | null;
    try {
      wrong = contract.check(result as never, args as never);
    } catch {
      wrong = 'the answer has another shape than the contract says';
    }
    if (wrong === null) return result;
    throw new PlatformError('PLUGIN_FAILED', `Plugin ${this.#plugin}, ${method} broke its contract: ${wrong}.`, {
      details: { plugin: this.#plugin, method, contract: wrong },
    });
  }

  #cancelled(method: string, signal: AbortSignal): PlatformError {
    return new PlatformError('PLUGIN_FAILED', `Plugin ${this.#plugin}, ${method}: the caller gave up.`, {
      cause: signal.reason,
      details: { plugin: this.#plugin, method, cancelled: true },
    });
  }
}

/** Shown to operators, so without what the plugin was granted. */
const describe = (thrown: unknown): string => withoutSecrets(thrown instanceof Error ? thrown.message : String(thrown));
