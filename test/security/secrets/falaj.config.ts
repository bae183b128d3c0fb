// The repository's own configuration with secrets in it, one of them granted to a plugin that cannot keep it.
import { defineConfig } from '@falaj/cli';
import base from '../../../falaj.config.ts';

export default defineConfig({
  ...base,
  plugins: [
    ...base.plugins.filter(({ use }) => use !== '@falaj/plugin-keys-local'),
    { use: '@falaj/plugin-keys-local', config: { master: 'secret' }, secrets: ['keys-local-master'] },
    { use: './chatty', secrets: ['planted'] },
  ],
});
