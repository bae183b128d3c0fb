// Inferences in the read log: who was told what a model says, and which features of whom were read for it. Only models
// that learned from, or read, more than harmless data are written down; their answers wait until the entry is durable.
import { type Platform, readPseudonyms, type Shown, type SubjectKeys, writeReads } from '@falaj/subgraph-kit';
import type { DeployableModel } from '../domain/deployable-model.js';
import type { InferenceContext, JoinedFeatures } from '../inference/index.js';
import type { HostedEndpoint } from './model-host.js';

export interface InferenceRead {
  readonly endpoint: HostedEndpoint;
  readonly model: Pick<DeployableModel, 'categories' | 'servingPlan'>;
  readonly context: InferenceContext;
  readonly joined: JoinedFeatures | null;
}

/** Throws AUDIT_UNAVAILABLE; the answer must then not be sent. */
export type LogInference = (read: InferenceRead) => Promise<void>;

const PREDICTION = 'prediction';

/** Whether other than harmless data stands behind an answer. */
export function isLoggedModel({ categories, servingPlan }: InferenceRead['model']): boolean {
  const { views = [] } = servingPlan as Partial<DeployableModel['servingPlan']>;
  return categories.some((category) => category !== 'none') || views.some(({ subject }) => subject !== undefined);
}

export function inferenceReads(
  platform: Pick<Platform, 'readLog' | 'policyVersion'>,
  subjects: Pick<SubjectKeys, 'of' | 'known'>,
): LogInference {
  return async (read) => {
    if (!platform.readLog || !isLoggedModel(read.model)) return;
    const { principal, purpose, inferenceId = '' } = read.context;
    await writeReads(platform, { principal, purpose, requestId: inferenceId }, await shownBy(subjects, read));
  };
}

async function shownBy(
  subjects: Pick<SubjectKeys, 'of' | 'known'>,
  { endpoint, context, joined }: InferenceRead,
): Promise<Shown[]> {
  const { workspaceId, zone } = endpoint;
  const shown: Shown[] = [{ type: 'Endpoint', ids: [endpoint.id], fields: [PREDICTION] }];
  const ofPersons = (keys: Parameters<typeof readPseudonyms>[0], fields: readonly string[]): void => {
    if (keys.size > 0) shown.push({ type: 'DataSubject', ids: readPseudonyms(keys), fields });
  };
  for (const { view, keys, features } of joined?.reads ?? []) {
    const fields = features.map((feature) => `${view.view}.${feature}`).sort();
    const { subject } = view;
    if (subject) {
      const names = keys.map((key) => (JSON.parse(key) as string[])[subject.part] as string);
      // Of whom there is no key, there was no row.
      ofPersons(await subjects.known({ workspaceId, zone: subject.zone }, names), fields);
    } else {
      const ids = [...new Set(keys)].map((key) => `${view.view}/${view.version}${key}`);
      shown.push({ type: 'FeatureRow', ids, fields });
    }
  }
  if (context.subject !== undefined)
    ofPersons(await subjects.of({ workspaceId, zone }, [context.subject]), [`Endpoint.${PREDICTION}`]);
  return shown;
}
