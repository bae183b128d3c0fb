// The steps of a deployment that need no transaction: facts, law, compliance, digest, load.
import { assertResidency, assertZoneAmong } from '@falaj/policy';
import { assertBudget } from '@falaj/subgraph-kit';
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

export interface Deployment {
  readonly model: DeployableModel;
  readonly compliance: CheckVerdict[];
  readonly inputs: TensorDescription[];
  readonly outputs: TensorDescription[];
  readonly device: string;
}

/** Residency before anything is loaded or stored; then compliance; then the verified bytes into the serving runtime. */
export async function prepareDeployment(
  context: DeploymentsContext,
  target: { readonly endpointId: string; readonly name: string; readonly revision: number; readonly zone: string },
  modelVersionId: string,
): Promise<Deployment> {
  if (target.revision === 1) await assertBudget(context, {});
  const { modelVersion } = await context.platform.graph.query<{ modelVersion: ModelVersionAnswer | null }>(
    MODEL_VERSION,
    { id: modelVersionId },
    context.request,
  );
  const model = deployable(modelVersion);
  assertResidency({
    dataZone: model.zone,
    categories: model.categories,
    targetZone: target.zone,
    workspaceZones: model.allowedZones,
    operation: 'deploy',
  });
  assertZoneAmong({
    targetZone: target.zone,
    allowedZones: model.allowedZones,
    ruleId: 'INHERITED_ZONES',
    operation: 'deploy',
  });
  const call = context.pluginCall(target.zone);
  const plugin = context.platform.plugins.get('compliance');
  const snapshot = deploymentSnapshot(modelVersion as ModelVersionAnswer, target.zone, context.principal.zones);
  const compliance = verdicts(
    await plugin.list({}, call),
    await plugin.evaluate({ subject: 'deployment', snapshot }, call),
  );
  assertDeployable(compliance);
  const loaded = await context.services.host.trial(
    context.principal,
    target.endpointId,
    target.name,
    target.revision,
    target.zone,
    model,
    call,
  );
  return {
    model,
    compliance,
    inputs: loaded.served.inputs.map(describeTensor),
    outputs: loaded.served.outputs.map(describeTensor),
    device: loaded.device,
  };
}
