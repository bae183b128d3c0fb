// Certificates for tests of TLS, valid from yesterday to tomorrow.
import { createAuthority } from '@falaj/runtime/certificates';

export interface TestCertificate {
  /** PEM. */
  readonly cert: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

export interface TestAuthority {
  /** PEM of the authority's own certificate. */
  readonly ca: string;
  /** A certificate for these names: host names, IPv4 addresses, and URIs such as a SPIFFE id. */
  issue(names: readonly string[]): TestCertificate;
}

const DAY_MS = 86_400_000;

/** A certificate authority of its own; nothing trusts it unless told. */
export function createTestAuthority(name = 'Falaj test authority'): TestAuthority {
  const validity = { from: Date.now() - DAY_MS, until: Date.now() + DAY_MS };
  const authority = createAuthority(name, validity);
  return {
    ca: authority.certificate,
    issue(names) {
      const { certificate, key } = authority.issue(names, validity);
      return { cert: certificate, key };
    },
  };
}
