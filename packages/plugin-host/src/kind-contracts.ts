// What the host knows of each kind: versions, posture and, per method, how it may be called and what its answer must look like.
// The shape checks are cheap on purpose: they run on every call in production; the conformance kit checks meaning.
import type { FailurePosture, Kind, Kinds, PluginInstance } from '@falaj/contracts';

export interface MethodContract {
  /** The contract says that doing it twice is doing it once. */
  readonly idempotent: boolean;
  readonly timeoutMs: number;
  /** What is wrong with the answer, or null. */
  check(result: never, args: never): string | null;
}

export interface KindContract {
  /** Contract versions that this host speaks, ascending. */
  readonly versions: readonly number[];
  readonly posture: FailurePosture;
  readonly maxConcurrent: number;
  readonly methods: Readonly<Record<string, MethodContract>>;
}

type MethodsOf<K extends Kind> = Exclude<keyof Kinds[K], keyof PluginInstance> & string;
type ArgumentOf<F> = F extends (args: infer A, ...rest: never) => unknown ? A : never;
type AnswerOf<F> = F extends (...args: never) => Promise<infer R> ? R : never;
type Methods<K extends Kind> = {
  readonly [M in MethodsOf<K>]: {
    readonly idempotent: boolean;
    readonly timeoutMs: number;
    check(result: AnswerOf<Kinds[K][M]>, args: ArgumentOf<Kinds[K][M]>): string | null;
  };
};

const SECONDS = 1000;
const HOUR = 3600 * SECONDS;

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isText = (value: unknown): boolean => typeof value === 'string' && value.length > 0;
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const unless = (fine: boolean, expectation: string): string | null => (fine ? null : expectation);

const elements = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

const trainer: Methods<'trainer'> = {
  train: {
    idempotent: false,
    timeoutMs: HOUR,
    check: (result, args) => {
      if (!(isObject(result) && result.model instanceof Uint8Array && result.model.length > 0)) {
        return 'model must be non-empty bytes';
      }
      if (!(isObject(result.output) && isCount(result.output.width) && result.output.width > 0)) {
        return 'output.width must be a positive integer';
      }
      if (args.holdout === undefined) return null;
      const expected = args.holdout.rows * result.output.width;
      const found = result.holdoutPredictions?.length;
      return unless(found === expected, `holdoutPredictions must hold ${expected} values, found ${found ?? 'none'}`);
    },
  },
};

const serving: Methods<'serving'> = {
  load: {
    idempotent: true,
    timeoutMs: 30 * SECONDS,
    check: (result, args) =>
      unless(
        isObject(result) &&
          result.handle === args.handle &&
          Array.isArray(result.inputs) &&
          Array.isArray(result.outputs),
        'a loaded model with the asked handle, inputs and outputs is expected',
      ),
  },
  infer: {
    idempotent: true,
    timeoutMs: 30 * SECONDS,
    check: (result, args) => {
      if (!Array.isArray(result)) return 'an array of tensors is expected';
      if (args.outputs !== undefined && result.length !== args.outputs.length) {
        return `${args.outputs.length} tensors are expected, found ${result.length}`;
      }
      for (const tensor of result as Awaited<ReturnType<Kinds['serving']['infer']>>) {
        if (tensor.data.length !== elements(tensor.shape)) {
          return `tensor "${tensor.name}" of shape [${tensor.shape}] holds ${tensor.data.length} values`;
        }
      }
      return null;
    },
  },
  unload: { idempotent: true, timeoutMs: 30 * SECONDS, check: () => null },
};

const statuses = new Set(['PASS', 'FAIL', 'ERROR', 'NOT_APPLICABLE', 'MANUAL_PENDING']);

const compliance: Methods<'compliance'> = {
  list: {
    idempotent: true,
    timeoutMs: 30 * SECONDS,
    check: (result) =>
      unless(
        Array.isArray(result) && result.every((info) => isText(info.id) && isCount(info.version)),
        'an array of checks with id and version is expected',
      ),
  },
  evaluate: {
    idempotent: true,
    timeoutMs: 30 * SECONDS,
    check: (result) =>
      unless(
        Array.isArray(result) && result.every((verdict) => isText(verdict.checkId) && statuses.has(verdict.status)),
        'an array of verdicts with checkId and a known status is expected',
      ),
  },
};

const onlineStore: Methods<'online-store'> = {
  write: {
    idempotent: true,
    timeoutMs: 30 * SECONDS,
    check: (result, args) =>
      unless(
        isObject(result) &&
          isCount(result.written) &&
          isCount(result.stale) &&
          result.written + result.stale <= args.rows.length,
        'counts written and stale, together at most the rows given, are expected',
      ),
  },
  read: {
    idempotent: true,
    timeoutMs: 30 * SECONDS,
    check: (result, args) =>
      unless(
        Array.isArray(result) &&
          result.length === args.requests.length &&
          result.every((rows, index) => rows.length === args.requests[index]?.keys.length),
        'one row or null per asked key, in request order, is expected',
      ),
  },
  remove: {
    idempotent: true,
    timeoutMs: 30 * SECONDS,
    check: (result) => unless(isObject(result) && isCount(result.removed), 'a count removed is expected'),
  },
  removeByKeyPart: {
    idempotent: true,
    timeoutMs: 30 * SECONDS,
    check: (result) => unless(isObject(result) && isCount(result.removed), 'a count removed is expected'),
  },
};

// Building scans whole sources: minutes are normal there, seconds elsewhere.
const offlineStore: Methods<'offline-store'> = {
  describeSource: {
    idempotent: true,
    timeoutMs: 30 * SECONDS,
    check: (result) =>
      unless(
        isObject(result) && Array.isArray(result.columns) && isCount(result.rows),
        'columns and rows are expected',
      ),
  },
  previewSource: {
    idempotent: true,
    timeoutMs: 30 * SECONDS,
    check: (result, args) =>
      unless(Array.isArray(result) && result.length <= args.limit, `at most ${args.limit} rows are expected`),
  },
  buildFeatureView: {
    idempotent: true,
    timeoutMs: HOUR,
    check: (result) =>
      unless(
        isObject(result) && isCount(result.rows) && isText(result.digest) && Array.isArray(result.columns),
        'rows, digest and columns are expected',
      ),
  },
  latestRows: {
    idempotent: true,
    timeoutMs: HOUR,
    check: (result, args) =>
      unless(Array.isArray(result) && result.length <= args.limit, `at most ${args.limit} rows are expected`),
  },
  buildTrainingSet: {
    idempotent: true,
    timeoutMs: HOUR,
    check: (result) =>
      unless(
        isObject(result) && result.data instanceof Uint8Array && isCount(result.rows) && isText(result.digest),
        'data, rows and digest are expected',
      ),
  },
  redactTrainingSet: {
    idempotent: true,
    timeoutMs: HOUR,
    check: (result) =>
      unless(
        isObject(result) && isCount(result.removed) && isCount(result.rows) && result.data instanceof Uint8Array,
        'removed, rows and data are expected',
      ),
  },
  readTrainingSet: {
    idempotent: true,
    timeoutMs: HOUR,
    check: (result, args) =>
      unless(
        isObject(result) && Array.isArray(result.columns) && result.columns.length === args.columns.length,
        'the asked columns are expected',
      ),
  },
};

const artifactStore: Methods<'artifact-store'> = {
  put: {
    idempotent: true,
    timeoutMs: 30 * SECONDS,
    check: (result, args) =>
      unless(
        isObject(result) && result.key === args.key && result.bytes === args.data.length,
        `the stored object "${args.key}" of ${args.data.length} bytes is expected`,
      ),
  },
  get: {
    idempotent: true,
    timeoutMs: 30 * SECONDS,
    check: (result) => unless(result === null || result instanceof Uint8Array, 'bytes or null are expected'),
  },
  remove: { idempotent: true, timeoutMs: 30 * SECONDS, check: () => null },
  list: {
    idempotent: true,
    timeoutMs: 30 * SECONDS,
    check: (result, args) =>
      unless(Array.isArray(result) && result.length <= args.limit, `at most ${args.limit} objects are expected`),
  },
};

const keys: Methods<'keys'> = {
  wrap: {
    idempotent: false,
    timeoutMs: 30 * SECONDS,
    check: (result) =>
      unless(
        isObject(result) && isText(result.keyId) && result.ciphertext instanceof Uint8Array,
        'keyId and ciphertext are expected',
      ),
  },
  unwrap: {
    idempotent: true,
    timeoutMs: 30 * SECONDS,
    check: (result) => unless(result instanceof Uint8Array && result.length > 0, 'key bytes are expected'),
  },
  rewrap: {
    idempotent: true,
    timeoutMs: 30 * SECONDS,
    check: (result) =>
      unless(
        isObject(result) && isText(result.keyId) && result.ciphertext instanceof Uint8Array,
        'keyId and ciphertext are expected',
      ),
  },
  retire: { idempotent: true, timeoutMs: 30 * SECONDS, check: () => null },
  destroy: { idempotent: true, timeoutMs: 30 * SECONDS, check: () => null },
  rotate: {
    idempotent: false,
    timeoutMs: 30 * SECONDS,
    check: (result) => unless(isObject(result) && isText(result.keyId), 'a description with keyId is expected'),
  },
  describe: {
    idempotent: true,
    timeoutMs: 30 * SECONDS,
    check: (result) => unless(isObject(result) && isText(result.keyId), 'a description with keyId is expected'),
  },
};

const drift: Methods<'drift'> = {
  profile: {
    idempotent: true,
    timeoutMs: 60 * SECONDS,
    check: (result, args) =>
      unless(
        isObject(result) && result.kind === args.column.kind && Array.isArray(result.counts) && isCount(result.rows),
        'kind, counts and rows of the reference are expected',
      ),
  },
  compare: {
    idempotent: true,
    timeoutMs: 60 * SECONDS,
    check: (result, args) =>
      unless(
        Array.isArray(result) &&
          result.every((score) => isObject(score) && args.tests.includes((score as { test?: never }).test as never)),
        'scores of the asked tests are expected',
      ),
  },
};

const versions = [1] as const;

export const kindContracts: Readonly<Record<Kind, KindContract>> = {
  trainer: { versions, posture: 'RUN_FAILED', maxConcurrent: 2, methods: trainer },
  serving: { versions, posture: 'ERROR_TO_CALLER', maxConcurrent: 256, methods: serving },
  compliance: { versions, posture: 'CLOSED', maxConcurrent: 64, methods: compliance },
  'online-store': { versions, posture: 'ERROR_TO_CALLER', maxConcurrent: 256, methods: onlineStore },
  'offline-store': { versions, posture: 'ERROR_TO_CALLER', maxConcurrent: 16, methods: offlineStore },
  'artifact-store': { versions, posture: 'ERROR_TO_CALLER', maxConcurrent: 64, methods: artifactStore },
  keys: { versions, posture: 'CLOSED', maxConcurrent: 64, methods: keys },
  drift: { versions, posture: 'OPEN', maxConcurrent: 4, methods: drift },
};

/** Every kind answers `health`; it is the host's own question. */
export const healthContract: MethodContract = {
  idempotent: true,
  timeoutMs: 10 * SECONDS,
  check: (result: { ok?: unknown }) => unless(isObject(result) && typeof result.ok === 'boolean', 'ok is expected'),
};

export const isKind = (value: unknown): value is Kind =>
  typeof value === 'string' && Object.hasOwn(kindContracts, value);
