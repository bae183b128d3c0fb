// How traffic is protected and where logs and traces are kept: what falaj.config.ts may say of it.
import { z } from 'zod';
import { trustDomainPattern, workloadIdPattern } from './spiffe-id.js';

/**
 * PEM text: a file, relative to falaj.config.ts, or `{ secret: 'edge-key' }` for what the environment gives as
 * `FALAJ_SECRET_EDGE_KEY`. A file that changes is read anew within two seconds; a secret needs a restart.
 */
const pem = z.union([
  z.string().min(1),
  z.strictObject({ secret: z.string().regex(/^[a-z][a-z0-9-]*$/, 'a name in lower case, such as edge-key') }),
]);
export type PemSource = z.output<typeof pem>;

const port = z.number().int().min(0).max(65_535);

/** TLS 1.2 or later for whoever comes from outside: GraphQL, event streams, `/v2`, sign-in, health, metrics. */
export const edgeTls = z.strictObject({
  /** The certificate, and after it those that lead to its authority. */
  certificate: pem,
  /** Its private key, which not everybody may read. */
  key: pem,
  /** Where it is given, callers need a certificate of these authorities, beside their token. */
  clientAuthorities: pem.optional(),
});

/**
 * TLS 1.3 between the processes of one platform: each shows a certificate, and each lets in only whom it expects, by
 * SPIFFE id: `spiffe://<trustDomain>/falaj/gateway`, `spiffe://<trustDomain>/falaj/subgraph/<name>`. In a path, `{role}`
 * stands for `gateway` or `subgraph-<name>`.
 */
export const internalTls = z.strictObject({
  /** The part of the SPIFFE ids that all processes of the platform share. */
  trustDomain: z.string().regex(trustDomainPattern, 'a SPIFFE trust domain, such as falaj.example'),
  /** This process's certificate, with its SPIFFE id as the only URI name, and after it those that lead to an authority. */
  certificate: pem,
  /** Its private key, which not everybody may read. */
  key: pem,
  /** The authorities whose certificates are believed, old and new ones while they change. */
  authorities: pem,
  /** Where a gateway waits for the subgraphs of other processes; `FALAJ_INTERNAL_PORT` overrides the port. */
  listen: z
    .strictObject({
      /** Address at which the other processes reach the gateway. */
      host: z.string().default('127.0.0.1'),
      /** Another one than that of the edge. */
      port: port.default(4001),
    })
    .prefault({}),
  /** SPIFFE ids that may read health and metrics of these listeners, and nothing else. */
  monitors: z.array(z.string().regex(workloadIdPattern, 'a SPIFFE id: spiffe://<trust domain>/<path>')).default([]),
});
export type InternalTlsConfig = z.output<typeof internalTls>;

const reason = z.string().trim().min(10, 'say in a sentence what protects this traffic instead').optional();

/** Each is the written reason why that traffic may be plaintext in the profile `production`; shown by the readiness. */
export const plaintextExceptions = z.strictObject({
  /** The edge stands behind a proxy that ends TLS. */
  edge: reason,
  /** A service mesh encrypts between the processes. */
  internal: reason,
  /** The connection to the database is protected otherwise. */
  database: reason,
});

export const zoneName = z
  .string()
  .regex(/^[A-Z]{2}(-[A-Z0-9]+)?$/, 'expected an ISO country such as AE, or a free zone such as AE-DIFC');

const elsewhere = z.string().trim().min(10, 'say in a sentence why this may lie in another zone').optional();

/** Each is the written reason why that may be kept beyond `zone` in the profile `production`. */
export const zoneExceptions = z.strictObject({
  /** Log lines: ids of principals and objects, no values and no secrets. */
  logs: elsewhere,
  /** Spans: names of operations, plugins and workflow steps, and nothing else. */
  traces: elsewhere,
});
