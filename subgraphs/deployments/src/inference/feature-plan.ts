import type { OnlineView, RequestFeature } from '@falaj/contracts';
import { PlatformError } from '@falaj/runtime';

/** One column of the model's `features` input. */
export type FeaturePlanColumn =
  | {
      readonly kind: 'view';
      readonly view: string;
      readonly version: number;
      readonly feature: string;
      /** Where each of the view's keys comes from: an entity key of the request, or the same value for every row. */
      readonly keys: readonly ({ readonly name: string } | { readonly constant: string })[];
      /** Age beyond which a value is not used; null = no limit. */
      readonly ttlSeconds: number | null;
    }
  | { readonly kind: 'request'; readonly function: RequestFeature['function'] };

/** How the rows of a model are made from entity keys. */
export interface FeaturePlan {
  /** BYTES inputs of shape [N]. */
  readonly entityKeys: readonly string[];
  /** Ordered as the model's input columns. */
  readonly columns: readonly FeaturePlanColumn[];
  /** The columns of every view used, as the online store holds them. */
  readonly views: readonly OnlineView[];
}

/** Throws PRECONDITION_FAILED where a column names what no view has, or what no number can say. */
export function checkPlan(plan: FeaturePlan): void {
  for (const column of plan.columns) {
    if (column.kind === 'request') continue;
    const name = `${column.view}/${column.version}.${column.feature}`;
    const view = plan.views.find((one) => one.view === column.view && one.version === column.version);
    const feature = view?.columns.find((one) => one.name === column.feature);
    if (feature === undefined) refuse(`the plan uses ${name}, which its views do not have`);
    if (feature.type === 'STRING') refuse(`${name} is text; a model input takes numbers`);
    for (const key of column.keys) {
      if ('name' in key && !plan.entityKeys.includes(key.name))
        refuse(`${name} is keyed by "${key.name}", which is no entity key`);
    }
  }
}

function refuse(reason: string): never {
  throw new PlatformError('PRECONDITION_FAILED', `The model's features cannot be joined: ${reason}.`);
}
