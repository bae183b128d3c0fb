// The platform's configuration: an explicit list of plugins, each with its own checked configuration.
import { defineConfig } from '@falaj/cli';

export default defineConfig({
  dataDirectory: '.falaj',
  listen: { host: '127.0.0.1', port: 4000 },
  profile: 'development',
  plugins: [
    { use: '@falaj/plugin-keys-local' },
    { use: '@falaj/plugin-artifact-store-fs' },
    { use: '@falaj/plugin-offline-store-duckdb' },
    { use: '@falaj/plugin-online-store-postgres', secrets: ['database-url'] },
    { use: '@falaj/plugin-trainer-gbdt', isolation: 'process' },
    { use: '@falaj/plugin-trainer-tfjs', isolation: 'process' },
    { use: '@falaj/plugin-serving-onnx' },
    { use: '@falaj/plugin-compliance-uae' },
    { use: '@falaj/plugin-compliance-workspace' },
    { use: '@falaj/plugin-drift-statistics' },
  ],
});
