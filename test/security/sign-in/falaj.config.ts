// A platform that trusts issuers of the test beside its own.
import { defineConfig } from '@falaj/cli';

const of = (issuer: string | undefined, audience: string) =>
  issuer ? [{ issuer, audience, logoutAudience: 'a-client' }] : [];

export default defineConfig({
  profile: 'production',
  issuers: of(process.env.FALAJ_TEST_ISSUER, 'urn:falaj:platform'),
  workloadIssuers: of(process.env.FALAJ_TEST_ISSUER, 'urn:falaj:workloads'),
  provisioning: process.env.FALAJ_TEST_ISSUER
    ? [
        { workspace: 'home', issuer: process.env.FALAJ_TEST_ISSUER },
        { workspace: 'abroad', issuer: process.env.FALAJ_TEST_ISSUER, subject: 'userName', zone: 'SA' },
      ]
    : [],
  plugins: [
    { use: '@falaj/plugin-keys-local' },
    { use: '@falaj/plugin-artifact-store-fs' },
    { use: '@falaj/plugin-offline-store-duckdb' },
    { use: '@falaj/plugin-online-store-postgres', secrets: ['database-url'] },
    { use: '@falaj/plugin-trainer-gbdt', isolation: 'process' },
    { use: '@falaj/plugin-serving-onnx' },
    { use: '@falaj/plugin-compliance-workspace' },
  ],
});
