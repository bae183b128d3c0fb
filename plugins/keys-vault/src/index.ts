import { definePlugin } from '@falaj/plugin-sdk';
import { config } from './transit-config.js';
import { openTransitKeys } from './transit-keys.js';

export default definePlugin({
  kind: 'keys',
  name: 'vault',
  contract: 1,
  config,
  // The operator's own key service, at an address that only the configuration knows.
  egress: ['the configured key service'],
  create: (settings, host) => openTransitKeys(settings, host),
});
