// The steps of a deployment that need no transaction: facts, law, compliance, digest, load.
import { assertBudget, type ComplianceWaiver, judgeCompliance, waiversInForce } from '@falaj/subgraph-kit';
import { assertDeployable, type CheckVerdict, verdicts } from '../domain/compliance.js';
import {
  type DeployableModel,
  deployable,
  deploymentSnapshot,
  describeTensor,
  MODEL_VERSION,
  type ModelVersionAnswer,
  type TensorDescription,
} from '../domain/deployable-model.js';
import type { DeploymentsContext } from '../schema/context.js';
import type { LoadedModel } from './model-host.js';
import { placedModel } from './placed-model.js';

export interface Deployment {
  readonly model: DeployableModel;
  readonly compliance: CheckVerdict[];
  readonly inputs: TensorDescription[];
  readonly outputs: TensorDescription[];
  readonly device: string;
  /** Adopted by the host once its revision is committed. */
  readonly loaded: LoadedModel;
}

/** Residency before anything is loaded or stored; then compliance; then the verified bytes into the serving runtime. */
export async function prepareDeployment(
  context: DeploymentsContext,
  target: { readonly id: string; readonly name: string; readonly zone: string; readonly isNew: boolean },
  modelVersionId: string,
): Promise<Deployment> {
  if (target.isNew) await assertBudget(context, {});
  const { modelVersion } = await context.platform.graph.query<{ modelVersion: ModelVersionAnswer | null }>(
    MODEL_VERSION,
    { id: modelVersionId },
    context.request,
  );
  const answer = modelVersion as ModelVersionAnswer;
  const { model, instruments } = await placedModel(context, deployable(modelVersion), answer, target.zone);
  const call = context.pluginCall(target.zone);
  const snapshot = deploymentSnapshot(answer, target.zone, context.principal.zones, instruments);
  const { plugins } = context.platform;
  // Throws where there is none: nothing is deployed unjudged.
  plugins.get('compliance');
  const { infos, results, holds } = await judgeCompliance(plugins, ['deployment'], snapshot, call);
  const waivers = holds
    ? new Map<string, ComplianceWaiver>()
    : await waiversInForce(context, { type: 'ModelVersion', id: modelVersionId });
  const compliance = verdicts(infos, results, waivers);
  assertDeployable(compliance);
  const { workspaceId } = context.principal;
  const loaded = await context.services.host.trial({ ...target, workspaceId }, model, call);
  return { model, compliance, ...runningFacts(loaded), loaded };
}

/** What a placement rests on beyond the law, for its audit record; nothing where the law allows it by itself. */
export const permitOf = ({ model: { permit } }: Deployment) =>
  permit ? { transferInstruments: permit.instruments, permittedUntil: permit.validTo } : {};

/** What an endpoint shows of the revision that runs. */
export const runningFacts = ({ served, device }: LoadedModel) => ({
  inputs: served.inputs.map(describeTensor),
  outputs: served.outputs.map(describeTensor),
  device,
});

/** Prepares in a mutation, and unloads again what did not come to be committed. */
export async function deploying<T>(
  context: DeploymentsContext,
  target: Parameters<typeof prepareDeployment>[1],
  modelVersionId: string,
  commit: (prepare: () => Promise<Deployment>) => Promise<T>,
): Promise<T> {
  let prepared: Deployment | undefined;
  try {
    return await commit(async () => {
      prepared = await prepareDeployment(context, target, modelVersionId);
      return prepared;
    });
  } catch (error) {
    if (prepared) context.services.host.discard(prepared.loaded);
    throw error;
  }
}
