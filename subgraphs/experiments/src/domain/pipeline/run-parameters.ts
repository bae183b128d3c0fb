// What a run is told, judged by what the pipeline declares.
import { PlatformError } from '@falaj/runtime';
import type { PipelineParameter, Values } from './definition.js';
import { isOfType } from './stage-types.js';

/** Every declared parameter with its value. Throws BAD_USER_INPUT that names each parameter that is wrong. */
export function runParameters(declared: readonly PipelineParameter[], told: Values): Values {
  const problems: { readonly field: string; readonly problem: string }[] = [];
  const known = new Set(declared.map(({ name }) => name));
  for (const name of Object.keys(told))
    if (!known.has(name))
      problems.push({
        field: `parameters.${name}`,
        problem: `the pipeline has no such parameter; it has ${[...known].join(', ') || 'none'}`,
      });
  const values = declared.map(({ name, type, default: standard }) => {
    const value = told[name] ?? standard;
    if (value === undefined) problems.push({ field: `parameters.${name}`, problem: `is missing; expected ${type}` });
    else if (!isOfType(value, type))
      problems.push({
        field: `parameters.${name}`,
        problem: `expected ${type}, found ${JSON.stringify(value).slice(0, 80)}`,
      });
    return [name, value ?? null] as const;
  });
  if (problems.length > 0)
    throw new PlatformError('BAD_USER_INPUT', problems.map(({ field, problem }) => `${field}: ${problem}`).join('; '), {
      details: { problems },
    });
  return Object.fromEntries(values);
}
