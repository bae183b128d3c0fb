import { z } from 'zod';
import { type Check, defineCheck, everyOne } from '../check.js';
import { parts } from '../snapshot.js';

const FORMATS = ['onnx', 'safetensors'];
const lower = ['logloss', 'brier', 'mse', 'rmse', 'mae', 'mape'];
const better = (metric: string, value: number, baseline: number): boolean =>
  lower.includes(metric.toLowerCase().replace(/[^a-z0-9]/g, '')) ? value < baseline : value > baseline;
const serving = z.object({ endpoints: parts.endpoints, modelVersions: parts.modelVersions });
const inUse = <T extends { id: string; aliases: string[] }>(
  versions: T[],
  endpoints: { modelVersionId: string }[],
): T[] =>
  versions.filter(
    ({ id, aliases }) => aliases.length > 0 || endpoints.some(({ modelVersionId }) => modelVersionId === id),
  );
const versionName = ({ name, version }: { name: string; version: number }): string => `${name} v${version}`;

export const modelChecks: readonly Check[] = [
  defineCheck(
    {
      id: 'SUP-004',
      title: `Every model version is of a format that cannot carry code: ${FORMATS.join(', ')}`,
      severity: 'CRITICAL',
      gate: 'BLOCK_PROMOTION',
      perObject: true,
    },
    z.object({ modelVersions: parts.modelVersions }),
    ({ modelVersions }) =>
      everyOne(
        'model versions',
        modelVersions,
        versionName,
        ({ format }) => (format && FORMATS.includes(format.toLowerCase()) ? null : `format ${format ?? 'unknown'}`),
        'Export the model to ONNX and register it again.',
      ),
  ),
  defineCheck(
    {
      id: 'SUP-005',
      title: 'Every version that is served has a digest and its bytes have it',
      severity: 'CRITICAL',
      gate: 'BLOCK_DEPLOYMENT',
      perObject: true,
    },
    serving.extend({ artifacts: parts.artifacts }),
    ({ endpoints, modelVersions, artifacts }) =>
      everyOne(
        'versions that are served',
        modelVersions.filter(({ id }) => endpoints.some(({ modelVersionId }) => modelVersionId === id)),
        versionName,
        ({ id, digest }) => {
          if (!digest) return 'has no digest';
          const probe = artifacts.find(({ key }) => key === id);
          return !probe ? 'was not probed' : probe.opened ? null : probe.detail;
        },
        'Delete the endpoint; deploy a version whose bytes are whole.',
      ),
  ),
  defineCheck(
    {
      id: 'SUP-006',
      title: 'Every model version says which run, data, code and environment it came from',
      severity: 'HIGH',
      gate: 'BLOCK_PROMOTION',
      perObject: true,
    },
    z.object({ modelVersions: parts.modelVersions }),
    ({ modelVersions }) =>
      everyOne(
        'model versions',
        modelVersions,
        versionName,
        ({ runId, trainingSetDigest, codeReference, environment }) => {
          const lacks = Object.entries({ runId, trainingSetDigest, codeReference }).flatMap(([name, value]) =>
            value ? [] : [name],
          );
          if (!environment || Object.keys(environment).length === 0) lacks.push('environment');
          return lacks.length === 0 ? null : `lacks ${lacks.join(', ')}`;
        },
        'Train it again on the platform.',
      ),
  ),
  defineCheck(
    {
      id: 'MDL-001',
      title: 'Every version that bears an alias or is served was evaluated and beats its baseline in every metric',
      severity: 'HIGH',
      gate: 'BLOCK_PROMOTION',
      perObject: true,
    },
    serving,
    ({ endpoints, modelVersions }) =>
      everyOne(
        'versions in use',
        inUse(modelVersions, endpoints),
        versionName,
        ({ evaluation }) => {
          if (evaluation.length === 0) return 'was never compared with a baseline';
          const worse = evaluation.filter(({ metric, value, baseline }) => !better(metric, value, baseline));
          return worse.length === 0
            ? null
            : worse.map(({ metric, value, baseline }) => `${metric} ${value}, baseline ${baseline}`).join(', ');
        },
        'Withdraw the alias or the endpoint.',
      ),
  ),
  defineCheck(
    {
      id: 'MDL-003',
      title: 'Every endpoint has an active drift monitor',
      severity: 'HIGH',
      gate: 'WARN',
      perObject: true,
    },
    z.object({ endpoints: parts.endpoints, monitors: parts.monitors }),
    ({ endpoints, monitors }) =>
      everyOne(
        'endpoints',
        endpoints,
        ({ name }) => name,
        ({ id }) =>
          monitors.some(({ endpointId, active }) => endpointId === id && active) ? null : 'is not monitored',
        'Make a monitor for the endpoint.',
      ),
  ),
  defineCheck(
    {
      id: 'MDL-004',
      title: 'Every endpoint has an earlier revision to roll back to',
      severity: 'MEDIUM',
      gate: 'WARN',
      perObject: true,
    },
    z.object({ endpoints: parts.endpoints }),
    ({ endpoints }) =>
      everyOne(
        'endpoints',
        endpoints,
        ({ name }) => name,
        ({ revision }) => (revision > 1 ? null : 'is at its first revision'),
        'Nothing to do at a first deployment but to waive the check until the second.',
      ),
  ),
  defineCheck(
    {
      id: 'MDL-005',
      title: 'Every training set is digested and traced to its label source and feature views',
      severity: 'HIGH',
      gate: 'BLOCK_PROMOTION',
      perObject: true,
    },
    z.object({ trainingSets: parts.trainingSets }),
    ({ trainingSets }) =>
      everyOne(
        'training sets',
        trainingSets,
        ({ name }) => name,
        ({ digest, labelSource, featureViews }) => {
          const lacks = Object.entries({ digest, labelSource }).flatMap(([name, value]) => (value ? [] : [name]));
          if (featureViews.length === 0) lacks.push('featureViews');
          return lacks.length === 0 ? null : `lacks ${lacks.join(', ')}`;
        },
        'Build the training set again with createTrainingSet.',
      ),
  ),
  defineCheck(
    {
      id: 'MDL-006',
      title: 'Every model says what it is for and whose it is, and every version in use has a model card',
      severity: 'MEDIUM',
      gate: 'WARN',
      perObject: true,
    },
    serving.extend({ models: parts.models }),
    ({ models, endpoints, modelVersions }) =>
      everyOne(
        'models and versions in use',
        [
          ...models.map(({ name, description, owner }) => ({
            name,
            problem: !description?.trim() ? 'has no description' : owner ? null : 'has no owner',
          })),
          ...inUse(modelVersions, endpoints).map((version) => ({
            name: versionName(version),
            problem: version.cardId ? null : 'has no model card',
          })),
        ],
        ({ name }) => name,
        ({ problem }) => problem,
        'Describe the model; write a card with saveModelCard.',
      ),
  ),
];
