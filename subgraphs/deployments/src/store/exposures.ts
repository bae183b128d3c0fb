// Who was exposed to which variant, once per subject: the denominators of A/B tests. Bounded, in bulk, never in the way of
// an answer.
import { hash } from 'node:crypto';
import type { Database } from '@falaj/database';
import { counter } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import type { Digest } from '../domain/inference-log/record.js';
import type { Inference, InferenceObserver } from '../domain/inference-observer.js';
import type { EndpointRoutes } from './endpoint-routes.js';

/** Exposures that wait to be written; more are dropped and counted, and recorded at the subject's next request. */
const MOST_WAITING = 50_000;
/** Exposures that this process remembers to have written. */
const MOST_KNOWN = 500_000;
const BATCH = 5_000;

const dropped = counter('falaj_exposures_dropped_total', 'Exposures not recorded because too many waited.', []);

/**
 * A subject as it is stored: a digest within the workspace, to join by. It keeps subjects out of sight and out of backups in
 * clear, no more: who may read the table and guess keys can find them again, so it stays personal data.
 */
export const subjectDigest = (workspaceId: string, subject: string): string =>
  hash('sha256', `${workspaceId}\n${subject}`).slice(0, 40);

interface Exposure {
  readonly known: string;
  readonly workspaceId: string;
  readonly zone: string;
  readonly studyId: string;
  readonly endpointId: string;
  readonly subject: string;
  readonly variant: string;
  readonly inferenceId: string;
  readonly at: number;
  /** In clear, until it is written. */
  readonly named: string | null;
}

export class Exposures implements InferenceObserver {
  readonly #database: Database;
  readonly #routes: Pick<EndpointRoutes, 'current'>;
  readonly #digestFor: (endpointId: string, subject: string | null) => Promise<Digest>;
  readonly #known = new Set<string>();
  #waiting: Exposure[] = [];

  /** `digestFor`: how the inference log of an endpoint writes what belongs to a subject. */
  constructor(
    database: Database,
    routes: Pick<EndpointRoutes, 'current'>,
    digestFor: (endpointId: string, subject: string | null) => Promise<Digest> = async () => null,
  ) {
    this.#digestFor = digestFor;
    this.#database = database;
    this.#routes = routes;
  }

  observe({ id, endpoint, role, subject, requestId, variant, at }: Inference): void {
    if (role !== 'ANSWER') return;
    const split = this.#routes.current(endpoint.id)?.split;
    // Who named a version chose for himself and is part of no study.
    if (!split?.exposureKey || !split.variants.some(({ name }) => name === variant)) return;
    const { workspaceId, zone } = endpoint;
    const exposed = subject ?? requestId ?? id;
    const known = `${split.exposureKey}\n${variant}\n${exposed}`;
    if (this.#known.has(known)) return;
    if (this.#waiting.length >= MOST_WAITING) return void dropped.inc();
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.add(known);
    const studyId = split.exposureKey;
    this.#waiting.push({
      known,
      workspaceId,
      zone,
      studyId,
      endpointId: endpoint.id,
      subject: subjectDigest(workspaceId, exposed),
      variant,
      inferenceId: id,
      at,
      named: subject,
    });
  }

  async flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH);
      try {
        await this.#write(batch);
      } catch (error) {
        if (this.#waiting.length + batch.length <= MOST_WAITING) this.#waiting.unshift(...batch);
        else {
          dropped.inc(batch.length);
          for (const { known } of batch) this.#known.delete(known);
        }
        throw error;
      }
    }
  }

  async #write(batch: readonly Exposure[]): Promise<void> {
    const logged = new Map<Exposure, string | null>();
    for (const one of batch) logged.set(one, await this.#loggedSubject(one));
    const texts = (of: (exposure: Exposure) => string | null) => sql`${sql.param(batch.map(of))}::text[]`;
    await this.#database.asSystem((tx) =>
      tx.execute(sql`
        insert into deployments.exposure (workspace_id, zone, study_id, endpoint_id, subject, variant,
          inference_id, logged_subject, at)
        select * from unnest(${texts((e) => e.workspaceId)}, ${texts((e) => e.zone)}, ${texts((e) => e.studyId)}, ${texts((e) => e.endpointId)},
          ${texts((e) => e.subject)}, ${texts((e) => e.variant)}, ${texts((e) => e.inferenceId)}, ${texts((e) => logged.get(e) ?? null)},
          ${sql.param(batch.map(({ at }) => new Date(at).toISOString()))}::timestamptz[])
        on conflict do nothing`),
    );
  }

  /** As the inference log writes the subject; null where it does not. */
  async #loggedSubject({ endpointId, named }: Exposure): Promise<string | null> {
    if (named === null) return null;
    return (await this.#digestFor(endpointId, named))?.('subject', named) ?? null;
  }
}
