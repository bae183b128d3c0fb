// The platform by TLS: the edge, unless it is told to be plain, and mutual TLS between its processes.
import { defineConfig } from '@falaj/cli';
import base from '../../../falaj.config.ts';

const { FALAJ_TEST_CERTIFICATES: folder, FALAJ_TEST_PROFILE, FALAJ_TEST_EDGE, FALAJ_TEST_HOST } = process.env;

export default defineConfig({
  ...base,
  ...(FALAJ_TEST_HOST ? { listen: { host: FALAJ_TEST_HOST } } : {}),
  profile: FALAJ_TEST_PROFILE === 'development' ? 'development' : 'production',
  ...(folder && FALAJ_TEST_EDGE !== 'plain'
    ? { tls: { certificate: `${folder}/edge.pem`, key: `${folder}/edge.key` } }
    : {}),
  ...(folder
    ? {
        internalTls: {
          trustDomain: 'falaj.test',
          certificate: `${folder}/{role}.pem`,
          key: `${folder}/{role}.key`,
          authorities: `${folder}/authority.pem`,
          monitors: ['spiffe://falaj.test/monitoring/prometheus'],
        },
      }
    : {}),
});
