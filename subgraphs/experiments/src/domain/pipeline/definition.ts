// A pipeline as data: a directed graph of typed stages without cycles. What is written here is stored as it stands.
import { z } from 'zod';

/** Types of parameters, inputs and outputs. An ARTIFACT is sealed bytes in the vault, named by key and digest. */
export const valueTypes = ['STRING', 'INTEGER', 'NUMBER', 'BOOLEAN', 'OBJECT', 'STRINGS', 'ARTIFACT'] as const;
export type ValueType = (typeof valueTypes)[number];

export const stageTypes = [
  'PREPARE',
  'VALIDATE',
  'TRAIN',
  'EVALUATE',
  'REGISTER',
  'GATE',
  'APPROVE',
  'DEPLOY',
  'COMMAND',
] as const;
export type StageType = (typeof stageTypes)[number];

export type Value = null | boolean | number | string | readonly Value[] | { readonly [key: string]: Value };
export type Values = { readonly [name: string]: Value };

const name = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'expected a lower-case letter, then up to 62 of a-z, 0-9, "_" and "-"');
const parameterName = z.string().regex(/^[a-z][A-Za-z0-9_]{0,62}$/, 'expected letters, digits and "_", a-z first');
const value: z.ZodType<Value> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(value), z.record(z.string(), value)]),
);
const values = z.record(z.string(), value);

const parameter = z.object({
  name: parameterName,
  type: z.enum(valueTypes).exclude(['ARTIFACT']),
  /** What a run takes that is not told; without it the parameter is required. */
  default: value.optional(),
  description: z.string().max(1000).default(''),
});
export type PipelineParameter = z.output<typeof parameter>;

const stage = z.object({
  name,
  type: z.enum(stageTypes),
  /** Stages that come before, beside those whose outputs are mentioned. */
  needs: z.array(name).max(100).default([]),
  /** By the type of the stage; texts may mention `${parameters.x}` and `${stages.x.output}`. */
  parameters: values.default({}),
  retries: z.number().int().min(0).max(20).default(0),
  /** Seconds before the second attempt; doubles with each further one. */
  backoffSeconds: z.number().positive().max(3600).default(1),
  /** Seconds that one attempt may take. */
  timeoutSeconds: z.number().positive().max(604_800).optional(),
  /** Whether an earlier result of the same inputs may stand for a new one; default by type. */
  cache: z.boolean().optional(),
  /** Seconds after which an earlier result no longer stands. */
  cacheSeconds: z.number().positive().optional(),
});
export type PipelineStage = z.output<typeof stage>;

export const pipelineDefinition = z.object({
  parameters: z.array(parameter).max(100).default([]),
  stages: z.array(stage).min(1).max(100),
});
export type PipelineDefinition = z.output<typeof pipelineDefinition>;

export const pipelineInput = pipelineDefinition.extend({
  name,
  description: z.string().max(4000).default(''),
  /** Runs of it at a time. */
  concurrency: z.number().int().min(1).max(1000).default(1),
  /** Higher begins first. */
  priority: z.number().int().min(-1000).max(1000).default(0),
});
