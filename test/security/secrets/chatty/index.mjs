// A plugin that writes its secret wherever it can: into its log, as a field, and into its errors.
import { definePlugin, PluginError } from '@falaj/plugin-sdk';

const anything = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };

export default definePlugin({
  kind: 'drift',
  name: 'chatty',
  contract: 1,
  config: anything,
  create: (_config, host) => {
    const secret = host.secret('planted');
    host.log.warn(`opened with ${secret}`, { credentials: secret, nested: { deep: [secret] } });
    const refuse = async () => {
      throw new PluginError('UNAVAILABLE', `refused by the service for ${secret}`);
    };
    let healthy = true;
    return {
      profile: refuse,
      compare: refuse,
      // Healthy once, so that it starts; then it tells why not.
      health: async () => {
        if (!healthy) return refuse();
        healthy = false;
        return { ok: true };
      },
      close: async () => {},
    };
  },
});
