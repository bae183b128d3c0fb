// The erasure of a data subject as a durable workflow: every part of it may be done twice, and each is on record when it is
// done, so that a process that dies costs nothing but time. Whom it is about stands in none of its records.
import {
  defineWorkflow,
  isPlatformError,
  type StepOptions,
  type WorkflowDefinition,
  type WorkflowEnd,
} from '@falaj/runtime';
import type { Place } from './rotate-key.js';

export interface Erasure {
  readonly erasureId: string;
  readonly zones: readonly string[];
  /** When the keys of before are retired, so that backups from before end too; ISO 8601. */
  readonly closeBackupsAt: string;
}

/** What was erased in one place. */
export interface ErasedPart {
  readonly store: 'INFERENCE_LOG' | 'AB_TESTS' | 'ONLINE_STORE' | 'OFFLINE_STORE' | 'TRAINING_SET' | 'KEYS';
  readonly zone: string;
  /** View version or training set. */
  readonly subjectId: string | null;
  /** Rows, records or keys; null where what was there is gone without having been counted. */
  readonly erased: number | null;
  readonly how: 'KEY_DESTROYED' | 'DELETED' | 'REBUILT' | 'RENAMED';
}

export interface LeftPart {
  readonly what: string;
  readonly why: string;
  readonly whatToDo: string;
}

export interface LearnedModel {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly categories: readonly string[];
  /** `YES`: a training set of it held rows of the subject. `PERHAPS`: it learned from personal data that names nobody. */
  readonly learned: 'YES' | 'PERHAPS';
}

export interface InferenceErasure {
  readonly keyDestroyed: boolean;
  readonly records: number;
  readonly studyRows: number;
}

export interface Holdings {
  readonly featureViewIds: readonly string[];
  readonly trainingSetIds: readonly string[];
  readonly sources: readonly string[];
}

export interface ErasureReport {
  readonly keysDestroyed: number;
  readonly records: number;
  readonly studyRows: number;
  readonly stores: readonly ErasedPart[];
  readonly notErased: readonly LeftPart[];
  readonly models: readonly LearnedModel[];
  readonly modelsKnown: boolean;
}

export interface Lineage {
  readonly models: readonly LearnedModel[];
  /** Runs on the training sets under which somebody filed artifacts. */
  readonly runs: readonly { readonly id: string; readonly artifacts: number }[];
}

export interface ErasurePorts<Tx> {
  eraseInferences(place: Place, erasure: Erasure, signal: AbortSignal): Promise<InferenceErasure>;
  leaveOut(place: Place, erasure: Erasure, signal: AbortSignal): Promise<Holdings>;
  /** Online rows that were taken away. */
  eraseFromView(place: Place, erasure: Erasure, id: string, signal: AbortSignal): Promise<number>;
  /** Rows that were taken out. */
  eraseFromSet(place: Place, erasure: Erasure, id: string, signal: AbortSignal): Promise<number>;
  lineage(
    workspaceId: string,
    erasure: Erasure,
    sets: { readonly held: readonly string[]; readonly looked: readonly string[] },
    signal: AbortSignal,
  ): Promise<Lineage>;
  note(tx: Tx, erasure: Erasure, report: ErasureReport): Promise<void>;
  ended(tx: Tx, end: WorkflowEnd<Erasure, void>): Promise<void>;
}

const RETRIES: StepOptions = {
  retries: 8,
  backoffMs: 500,
  timeoutMs: 600_000,
  // Another erasure was at the same training set: it is another set now.
  retryIf: (error) => !isPlatformError(error) || error.retryable || error.code === 'CONFLICT',
};

export const erasureWorkflow = <Tx>(ports: ErasurePorts<Tx>): WorkflowDefinition<Erasure, void, Tx> =>
  defineWorkflow({
    name: 'erase-subject',
    version: 1,
    async run(flow, erasure) {
      const { workspaceId } = flow;
      const stores: ErasedPart[] = [];
      const sources = new Set<string>();
      const held: string[] = [];
      const looked: string[] = [];
      const sums = { keysDestroyed: 0, records: 0, studyRows: 0 };
      const report = (more: Pick<ErasureReport, 'models' | 'modelsKnown' | 'notErased'>): ErasureReport => ({
        ...sums,
        stores: [...stores],
        ...more,
      });
      const unknown = { models: [], modelsKnown: false, notErased: [] };

      for (const zone of erasure.zones) {
        const place = { workspaceId, zone };
        const gone = await flow.step(`${zone}: inferences`, RETRIES, ({ signal }) =>
          ports.eraseInferences(place, erasure, signal),
        );
        sums.keysDestroyed += gone.keyDestroyed ? 1 : 0;
        sums.records += gone.records;
        sums.studyRows += gone.studyRows;
        const part = (
          store: ErasedPart['store'],
          erased: number | null,
          how: ErasedPart['how'],
          subjectId: string | null = null,
        ): void => void stores.push({ store, zone, subjectId, erased, how });
        part('KEYS', gone.keyDestroyed ? 1 : 0, 'KEY_DESTROYED');
        part('INFERENCE_LOG', gone.records, 'KEY_DESTROYED');
        part('AB_TESTS', gone.studyRows, 'RENAMED');
        const holdings = await flow.step(`${zone}: left out`, RETRIES, ({ signal }) =>
          ports.leaveOut(place, erasure, signal),
        );
        for (const source of holdings.sources) sources.add(source);
        for (const id of holdings.featureViewIds) {
          const rows = await flow.step(`${zone}: view ${id}`, RETRIES, ({ signal }) =>
            ports.eraseFromView(place, erasure, id, signal),
          );
          part('ONLINE_STORE', rows, 'DELETED', id);
          part('OFFLINE_STORE', null, 'REBUILT', id);
        }
        for (const id of holdings.trainingSetIds) {
          const rows = await flow.step(`${zone}: training set ${id}`, RETRIES, ({ signal }) =>
            ports.eraseFromSet(place, erasure, id, signal),
          );
          looked.push(id);
          if (rows > 0) held.push(id);
          part('TRAINING_SET', rows, 'REBUILT', id);
        }
        // What is done is on record, should a later zone fail.
        await flow.commit(`${zone} noted`, (tx) => ports.note(tx, erasure, report(unknown)));
      }
      const { models, runs } = await flow.step('lineage', RETRIES, ({ signal }) =>
        ports.lineage(workspaceId, erasure, { held, looked }, signal),
      );
      const notErased = leftBehind([...sources].sort(), models, runs, erasure);
      const modelsKnown = models.every(({ learned }) => learned === 'YES');
      await flow.commit('reported', (tx) => ports.note(tx, erasure, report({ models, modelsKnown, notErased })));
    },
    onEnd: (tx, end) => ports.ended(tx, end),
  });

/** What an erasure cannot reach, said to whoever has to answer the subject. */
export function leftBehind(
  sources: readonly string[],
  models: readonly LearnedModel[],
  runs: Lineage['runs'],
  { closeBackupsAt }: Pick<Erasure, 'closeBackupsAt'>,
): LeftPart[] {
  const parts: LeftPart[] = sources.map((source) => ({
    what: `data source ${source}`,
    why: 'the file belongs to whoever put it there; the platform only reads it, and leaves the subject out of what it builds',
    whatToDo: 'take the subject out of the file and of its own backups',
  }));
  if (models.length > 0)
    parts.push({
      what: `${models.length} model versions`,
      why: 'what a model learned from one person cannot be taken out of it',
      whatToDo: 'decide for each whether to train it anew, and write the decision down',
    });
  for (const { id, artifacts } of runs)
    parts.push({
      what: `${artifacts} artifacts of run ${id}`,
      why: 'they are files of their author, in which the platform knows no rows',
      whatToDo: 'look whether they hold rows of the training set, and remove those that do',
    });
  parts.push(
    {
      what: 'counts, statistics and references of monitors',
      why: 'they say nothing of one person; those of feature views were made anew',
      whatToDo: 'nothing',
    },
    {
      what: 'the audit trail and the read log',
      why: 'they are kept by law; they name the erasure, and people by opaque ids only',
      whatToDo: 'nothing; see the guide on keeping keys',
    },
    {
      what: 'backups from before the erasure',
      why: 'they hold wrapped keys, which can be opened until the version that wrapped them is retired',
      whatToDo: `nothing: the keys are retired at ${closeBackupsAt} at the latest, and files in the landing folder end with their own backups`,
    },
  );
  return parts;
}
