import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PluginConfigEntry } from '@falaj/plugin-host';
import { PlatformError } from '@falaj/runtime';
import { z } from 'zod';
import { severities } from './advisories/severity.js';
import {
  edgeTls,
  type InternalTlsConfig,
  internalTls,
  plaintextExceptions,
  zoneExceptions,
  zoneName,
} from './transport/transport-config.js';

const issuer = z.object({
  /** Its name in tokens, and where its keys are found; `https`, except on this machine. */
  issuer: z.url(),
  /** Only tokens for exactly this audience open anything. */
  audience: z.string().min(1),
  /** Default: found by discovery at the issuer. */
  jwksUri: z.url().optional(),
  /** Accepted signatures; default all three. */
  algorithms: z
    .array(z.enum(['EdDSA', 'ES256', 'RS256']))
    .min(1)
    .optional(),
  /** Type in the token's header; default `at+jwt` (RFC 9068), `JWT` for older issuers, `any` where there is none. */
  tokenType: z.string().min(1).optional(),
  /** The claim that names the principal; default `sub`. */
  subjectClaim: z.string().min(1).optional(),
  /** Client id that the issuer names in its back-channel logouts; without it none is taken. */
  logoutAudience: z.string().min(1).optional(),
});

const provisioning = z.strictObject({
  /** Its id or its name. */
  workspace: z.string().min(1),
  /** One of `issuers`. */
  issuer: z.url(),
  /** Which attribute of the directory is the subject in its tokens. */
  subject: z.enum(['externalId', 'userName']).default('externalId'),
  /** From where people of the directory work, e.g. `AE`; default the zone of the workspace. */
  zone: z
    .string()
    .regex(/^[A-Z]{2}(-[A-Z0-9]{2,8})?$/)
    .optional(),
});

const schema = z.strictObject({
  /** Everything that the platform keeps, relative to the configuration file. */
  dataDirectory: z.string().default('.falaj'),
  /** Where this installation stands, e.g. `AE`: its files lie here, its plugins run here, exports stay here unless they say otherwise. */
  zone: zoneName.default('AE'),
  /** Where this process listens. */
  listen: z
    .strictObject({
      /** Address; one beyond this machine needs `tls` in `production`. */
      host: z.string().default('127.0.0.1'),
      /** 0 chooses one; `FALAJ_PORT` overrides it. */
      port: z.number().int().min(0).max(65_535).default(4000),
    })
    .prefault({}),
  /** Where others reach the platform, e.g. `https://falaj.example`. The built-in issuer then bears this name too. */
  publicUrl: z
    .url()
    .transform((url) => url.replace(/\/$/, ''))
    .optional(),
  /** TLS of the edge; without it the edge is plain HTTP, which `production` allows on this machine only. */
  tls: edgeTls.optional(),
  /** TLS between the processes of a split platform; `production` asks for it where they are on several machines. */
  internalTls: internalTls.optional(),
  /** Traffic that may be plaintext in `production`, each with the written reason; the readiness shows it. */
  plaintextExceptions: plaintextExceptions.optional(),
  /** Logs and traces that may go beyond `zone` in `production`, each with the written reason; the readiness shows it. */
  zoneExceptions: zoneExceptions.optional(),
  /** What the platform writes to standard error, a JSON object a line. */
  logs: z
    .strictObject({
      /** Where those lines are kept; default `zone`. Another one needs a reason in `production`. */
      zone: zoneName.optional(),
    })
    .prefault({}),
  /**
   * `production` hides the schema, GraphiQL and every detail of unexpected faults, and sends nothing in the clear beyond
   * this machine.
   */
  profile: z.enum(['development', 'production']).default('development'),
  /** OpenID Connect issuers beside the built-in one. */
  issuers: z.array(issuer).default([]),
  /**
   * Issuers whose tokens a service account may exchange for its own, e.g. that of a Kubernetes cluster. The type in their
   * header is not looked at unless it is given, so the audience must be for this platform alone.
   */
  workloadIssuers: z.array(issuer).default([]),
  /**
   * Workspaces whose people and groups a directory keeps over SCIM, and how those people sign in: the attribute that is their
   * subject in tokens of one of `issuers`.
   */
  provisioning: z.array(provisioning).default([]),
  /** The built-in issuer signs tokens of this machine; off where another issuer is the only one. */
  localIssuer: z.boolean().default(true),
  /** What one principal may ask of one gateway process in a minute; absent = any amount. Cost is counted as the limit of a document is. */
  rates: z
    .strictObject({
      /** Requests of one principal to the graph. */
      requestsPerMinute: z.number().int().min(1).optional(),
      /** Cost of what one principal asks of the graph. */
      costPerMinute: z.number().int().min(1).optional(),
      /** Requests below `/auth`, of one address; behind a proxy all callers share its address. */
      signInsPerMinute: z.number().int().min(1).default(300),
      /** Tokens given to, or ended for, one client that proved who it is. */
      clientSignInsPerMinute: z.number().int().min(1).default(60),
      /** SCIM requests, of one address as of one service account. */
      provisioningPerMinute: z.number().int().min(1).default(3_000),
    })
    .prefault({}),
  /** How old a sign-in may be where a field of class `secret` is asked for. */
  stepUpSeconds: z.number().int().min(30).max(3_600).default(300),
  /** Distinct subjects that a figure about persons must be made of to be shown to who may not see the values. */
  smallestGroup: z.number().int().min(2).max(10_000).default(5),
  /** Documents that were registered before anybody sends them. */
  persistedDocuments: z
    .strictObject({
      /** `warn` counts what is not registered, `enforce` refuses it. */
      mode: z.enum(['off', 'warn', 'enforce']).default('off'),
      /** File of documents by their SHA-256, as code generation writes it. */
      manifest: z.string().optional(),
    })
    .prefault({}),
  /** Advisories for `falaj advisories check`. */
  advisories: z
    .strictObject({
      /** Folder of OSV records (`*.json`, also in folders below), such as the unpacked `npm/all.zip` of osv.dev. */
      mirror: z.string().optional(),
      /** The check fails where a package in use has one of at least this severity; without a known one it counts as the worst. */
      failFrom: z.enum(severities).default('HIGH'),
      /** The check fails where the newest record is older. */
      maxAgeDays: z.number().min(1).default(7),
      /** Advisories that do not apply here, each with the reason and the day on which it is looked at again. */
      accepted: z
        .array(
          z.strictObject({
            /** Its id, or one of its aliases, such as a CVE number. */
            id: z.string(),
            /** Why it does no harm here, in a sentence. */
            reason: z.string().trim().min(10),
            /** Day from which it counts again. */
            until: z.iso.date(),
          }),
        )
        .default([]),
    })
    .prefault({}),
  /** Retention of audit records and read events. */
  audit: z
    .strictObject({
      /**
       * Folder that old records are exported into before they are dropped, relative to the configuration file; without it
       * none is dropped, whatever the policies of the workspaces say.
       */
      archiveFolder: z.string().min(1).optional(),
    })
    .prefault({}),
  /** Traces of requests, by OpenTelemetry. */
  tracing: z
    .strictObject({
      /** Collector (OTLP over HTTP); without it nothing is sent. */
      endpoint: z.url().optional(),
      /** Where it keeps them; default `zone` for one on this machine. One elsewhere needs it in `production`. */
      zone: zoneName.optional(),
      /** Share of the requests that are traced. */
      ratio: z.number().min(0).max(1).default(0.05),
    })
    .prefault({}),
  /**
   * Each `{ use }`: package name, or a folder; with `config` of its own, `isolation`, `timeoutMs`, `maxConcurrent`,
   * `onBootFailure`, and the names of the `secrets` that it may read.
   */
  plugins: z.array(
    z.custom<PluginConfigEntry>(
      (entry) => typeof entry === 'object' && entry !== null && 'use' in entry,
      'each plugin needs `use`',
    ),
  ),
});

/** Every setting, for who must look at all of them. */
export { schema as configSchema };

const whole = schema.superRefine(({ issuers, provisioning: configured }, context) => {
  for (const [at, { workspace, issuer }] of configured.entries()) {
    const fault = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: ['provisioning', at, path], message });
    if (!issuers.some((known) => known.issuer === issuer)) fault('issuer', 'expected one of `issuers`');
    if (configured.findIndex((one) => one.workspace === workspace) !== at) fault('workspace', 'stands there twice');
  }
});

export type FalajConfig = z.input<typeof schema>;

export interface ResolvedConfig extends Omit<z.output<typeof schema>, 'dataDirectory'> {
  /** Folder of falaj.config.ts: plugins are resolved from here. */
  readonly directory: string;
  readonly dataDirectory: string;
}

/** Gives falaj.config.ts its types; the object itself stays as it is. */
export function defineConfig(config: FalajConfig): FalajConfig {
  return config;
}

/** Reads falaj.config.ts in `from` or the nearest folder above it; every problem is reported at once. */
export async function loadConfig(
  from: string,
  overrides: { dataDirectory?: string; port?: number; host?: string } = {},
): Promise<ResolvedConfig> {
  const file = findUp(resolve(from));
  const module = (await import(pathToFileURL(file).href)) as { default?: unknown };
  const parsed = whole.safeParse(module.default);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => `${issue.path.join('.') || '(root)'}: ${issue.message}`);
    throw new PlatformError('CONFIG_INVALID', `${file}: ${issues.join('; ')}`, { details: { issues } });
  }
  const directory = dirname(file);
  const dataDirectory = resolve(
    directory,
    overrides.dataDirectory ?? process.env.FALAJ_DATA_DIRECTORY ?? parsed.data.dataDirectory,
  );
  return {
    ...parsed.data,
    directory,
    dataDirectory,
    listen: {
      host: overrides.host ?? parsed.data.listen.host,
      port: overrides.port ?? portOf('FALAJ_PORT') ?? parsed.data.listen.port,
    },
    ...(parsed.data.internalTls
      ? { internalTls: withPort(parsed.data.internalTls, portOf('FALAJ_INTERNAL_PORT')) }
      : {}),
  };
}

const withPort = (tls: InternalTlsConfig, port: number | undefined): InternalTlsConfig =>
  port === undefined ? tls : { ...tls, listen: { ...tls.listen, port } };

function portOf(variable: 'FALAJ_PORT' | 'FALAJ_INTERNAL_PORT'): number | undefined {
  const found = process.env[variable];
  if (!found) return undefined;
  const port = Number(found);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new PlatformError('CONFIG_INVALID', `${variable}: found "${found}", expected a whole number from 0 to 65535.`);
}

function findUp(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, 'falaj.config.ts');
    if (existsSync(file)) return file;
    if (dirname(folder) === folder)
      throw new PlatformError('CONFIG_INVALID', `No falaj.config.ts in ${from} or above it.`);
  }
}
