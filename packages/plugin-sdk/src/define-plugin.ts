import type { Kind, Plugin, PluginHost, PluginSpec } from '@falaj/contracts';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { PluginError } from './plugin-error.js';

/**
 * Makes the default export of a plugin package: an inert, tagged value that the host opens when it is ready.
 * `open` throws BAD_INPUT with one `<plugin>.<path>: <message>` line per issue when the configuration is refused.
 */
export function definePlugin<K extends Kind, S extends StandardSchemaV1>(spec: PluginSpec<K, S>): Plugin<K> {
  return Object.freeze({
    $type: 'falaj/plugin' as const,
    kind: spec.kind,
    name: spec.name,
    contract: spec.contract,
    capabilities: Object.freeze([...(spec.capabilities ?? [])]),
    isolation: spec.isolation ?? 'inline',
    egress: Object.freeze([...(spec.egress ?? [])]),
    async open(config: unknown, host: PluginHost) {
      // An operator who gives no configuration means the defaults.
      const result = await spec.config['~standard'].validate(config ?? {});
      if (result.issues) throw refused(spec.name, result.issues);
      return spec.create(result.value as StandardSchemaV1.InferOutput<S>, host);
    },
  });
}

function refused(name: string, issues: readonly StandardSchemaV1.Issue[]): PluginError {
  const lines = issues.map((issue) => {
    const path = (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step));
    return `${[name, ...path].join('.')}: ${issue.message}`;
  });
  return new PluginError('BAD_INPUT', lines.join('\n'), { details: { issues: lines } });
}
