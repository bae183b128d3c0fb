// Judges a version for an alias by what is stored, under the gates that count now. Nothing comes from the caller.
import type { Tx } from '@falaj/database';
import { refused } from '@falaj/runtime';
import { judgeCompliance, waiversInForce } from '@falaj/subgraph-kit';
import { and, eq, type InferSelectModel } from 'drizzle-orm';
import { bindingOf } from '../domain/approval.js';
import type { CurrentGates } from '../domain/gate-set.js';
import {
  type ComparedVersion,
  checkGates,
  comparedAliases,
  type GateCheck,
  type PromotionFacts,
} from '../domain/promotion-checks.js';
import { LINEAGE, type LineageAnswer, promotionSnapshot } from '../domain/promotion-snapshot.js';
import type { ModelsContext } from '../schema/context.js';
import { vouchersOf } from './attestations.js';
import { cardOf } from './cards.js';
import { currentGates } from './gates.js';
import { versionRecord } from './lookups.js';
import { modelAlias, modelVersion } from './tables.js';

export type VersionRecord = InferSelectModel<typeof modelVersion>;

/** What is stored about a version and an alias at one moment. */
export interface PromotionState {
  readonly version: VersionRecord;
  readonly gates: CurrentGates;
  readonly card: PromotionFacts['card'];
  readonly champions: PromotionFacts['champions'];
  /** What an approval given now would be for. */
  readonly binding: string;
}

export interface EvaluatedPromotion extends PromotionState {
  readonly checks: readonly GateCheck[];
}

export async function evaluatePromotion(
  context: ModelsContext,
  modelVersionId: string,
  alias: string,
): Promise<EvaluatedPromotion> {
  const state = await context.transaction((tx) => readState(tx, modelVersionId, alias));
  const compliance =
    state.gates.definition.complianceChecks.length === 0
      ? { infos: [], results: [], waivers: new Map() }
      : await complianceOf(context, state.version, alias);
  const { version, card, champions } = state;
  const vouchers = await context.transaction((tx) => vouchersOf(tx, version));
  const facts: PromotionFacts = {
    alias,
    version: {
      ...compared(version),
      parity: version.parity,
      intakePassed: version.intake !== null,
      origin: version.origin,
      vouchers,
    },
    champions,
    card,
    compliance,
  };
  return { ...state, checks: checkGates(state.gates, facts) };
}

/** Throws CONFLICT where anything that the evaluation stood on is another by now. Needs the model's lock. */
export async function requireUnchanged(tx: Tx, evaluated: EvaluatedPromotion, alias: string): Promise<void> {
  const now = await readState(tx, evaluated.version.id, alias);
  const standing = ({ champions }: PromotionState) =>
    JSON.stringify(
      [...champions].map(([name, version]) => [name, version === 'HIDDEN' ? version : (version?.id ?? null)]),
    );
  if (now.binding === evaluated.binding && standing(now) === standing(evaluated)) return;
  throw refused(
    {
      rule: 'PROMOTION_UNCHANGED',
      found: 'gates, model card or version under the alias that changed while this was judged',
      limit: 'the state that was judged',
      whatToDo: 'repeat it; nothing was done',
    },
    'CONFLICT',
  );
}

async function readState(tx: Tx, modelVersionId: string, alias: string): Promise<PromotionState> {
  const version = await versionRecord(tx, modelVersionId);
  const gates = await currentGates(tx, version.modelId);
  const card = await cardOf(tx, modelVersionId);
  const champions = new Map<string, ComparedVersion | 'HIDDEN' | null>();
  for (const name of comparedAliases(gates.definition, alias))
    champions.set(name, await championOf(tx, version.modelId, name));
  const binding = bindingOf({
    modelVersionId,
    versionDigest: version.digest,
    alias,
    gateRevision: gates.revision,
    gateDigest: gates.digest,
    cardDigest: card?.digest ?? null,
  });
  return { version, gates, card, champions, binding };
}

async function championOf(tx: Tx, modelId: string, alias: string): Promise<ComparedVersion | 'HIDDEN' | null> {
  const [found] = await tx
    .select({ version: modelVersion })
    .from(modelAlias)
    .leftJoin(modelVersion, eq(modelVersion.id, modelAlias.modelVersionId))
    .where(and(eq(modelAlias.modelId, modelId), eq(modelAlias.alias, alias)));
  if (!found) return null;
  // Aliases are of the workspace, versions of a zone.
  return found.version ? compared(found.version) : 'HIDDEN';
}

const compared = ({ id, version, digest, trainingSetDigest, evaluation }: VersionRecord): ComparedVersion => ({
  id,
  version,
  digest,
  trainingSetDigest,
  evaluation,
});

/** Checks of these subjects judge a model. */
const SUBJECTS = ['promotion', 'deployment'] as const;

async function complianceOf(
  context: ModelsContext,
  version: VersionRecord,
  alias: string,
): Promise<PromotionFacts['compliance']> {
  const { platform, principal, request } = context;
  const lineage: LineageAnswer =
    version.runId && version.trainingSetId
      ? await platform.graph.query<LineageAnswer>(
          LINEAGE,
          { runId: version.runId, trainingSetId: version.trainingSetId },
          request,
        )
      : { run: null, trainingSet: null };
  const call = context.pluginCall(version.zone);
  const snapshot = promotionSnapshot(version, lineage, alias, principal.zones);
  const { infos, results, holds } = await judgeCompliance(platform.plugins, SUBJECTS, snapshot, call);
  return {
    infos,
    results,
    waivers: holds ? new Map() : await waiversInForce(context, { type: 'ModelVersion', id: version.id }),
  };
}
