// Collects the state of the workspace and has every compliance plugin judge it.
import { refused } from '@falaj/runtime';
import { sql } from 'drizzle-orm';
import {
  type CatalogueCheck,
  type Finding,
  frameworksOf,
  ofFramework,
  statusOf,
} from '../../domain/compliance/finding.js';
import type { GovernanceContext } from '../../schema/context.js';
import { changeFacts, databaseReaders } from './database-facts.js';
import { graphFacts } from './graph-facts.js';
import { artifactFacts, canaryFacts, coverageFacts, keyFacts, pluginFacts } from './host-facts.js';
import { waiversInForce } from './waivers.js';

const SUBJECT = 'workspace';
export interface ComplianceSubject {
  readonly type: string;
  readonly id: string;
}

/** The checks of all plugins that judge a workspace. */
export async function catalogue(context: GovernanceContext): Promise<CatalogueCheck[]> {
  const checks: CatalogueCheck[] = [];
  for (const { name, plugin } of judges(context)) {
    const infos = await plugin.list({}, context.pluginCall(context.principal.zone));
    for (const { id, version, title, severity, gate, references, subject } of infos) {
      if (subject === SUBJECT)
        checks.push({ checkId: id, version, plugin: name, title, severity: severity ?? 'MEDIUM', gate, references });
    }
  }
  return checks;
}

const judges = (context: GovernanceContext) =>
  context.platform.plugins
    .list()
    .filter(({ kind, capabilities }) => kind === 'compliance' && capabilities.includes(SUBJECT))
    .map(({ name }) => ({ name, plugin: context.platform.plugins.get('compliance', name) }));

export interface Evaluation {
  readonly findings: Finding[];
  readonly snapshotDigest: string;
}

/**
 * Judges the workspace, or one object of it. A part of the state that cannot be read is absent from the snapshot, and the
 * checks that need it answer UNKNOWN; a plugin that fails makes the whole run fail, for it fails closed.
 */
export async function evaluateCompliance(
  context: GovernanceContext,
  framework: string | null,
  subject: ComplianceSubject | null,
): Promise<Evaluation> {
  const known = await catalogue(context);
  const frameworks = frameworksOf(known);
  if (framework && !frameworks.includes(framework)) {
    throw refused(
      {
        rule: 'COMPLIANCE_FRAMEWORK',
        found: framework,
        limit: frameworks.join(', ') || 'none: no plugin judges a workspace',
        whatToDo: 'name one of those, or leave `framework` out for all',
      },
      'BAD_USER_INPUT',
    );
  }
  const wanted = ofFramework(known, framework);
  const snapshot = await collect(context, subject);
  const evaluatedAt = new Date().toISOString();
  const waivers = await context.transaction((tx) => waiversInForce(tx, context.principal.workspaceId, subject));
  const findings: Finding[] = [];
  for (const { name, plugin } of judges(context)) {
    const results = await plugin.evaluate({ subject: SUBJECT, snapshot }, context.pluginCall(context.principal.zone));
    for (const check of wanted.filter((each) => each.plugin === name)) {
      const result = results.find(({ checkId }) => checkId === check.checkId);
      // A check that judges workspaces only says nothing of one object; of the workspace its silence is no pass.
      if (!result && subject) continue;
      const status = statusOf(result?.status ?? 'ERROR');
      findings.push({
        ...check,
        status,
        reason: result?.reason ?? `The plugin ${name} gave no verdict on its own check.`,
        evidence: result?.evidence ?? [],
        waiverId: status === 'PASS' || status === 'NOT_APPLICABLE' ? null : (waivers.get(check.checkId) ?? null),
        evaluatedAt,
      });
    }
  }
  return { findings, snapshotDigest: digestIn(findings) };
}

/** The digest that the plugins computed of what they judged. */
const digestIn = (findings: readonly Finding[]): string =>
  findings.flatMap(({ evidence }) => evidence).find(({ name }) => name === 'snapshotDigest')?.value ?? '';

async function collect(
  context: GovernanceContext,
  subject: ComplianceSubject | null,
): Promise<Readonly<Record<string, unknown>>> {
  const { database, log } = context.platform;
  const { workspaceId } = context.principal;
  const { rows } = await database.asSystem((tx) =>
    tx.execute<{ zones: string[] }>(
      sql`select allowed_zones as zones from identity.workspace where id = ${workspaceId}`,
    ),
  );
  const zones = rows[0]?.zones ?? [];
  const { profile, plaintext, sinks } = context.services;
  const snapshot: Record<string, unknown> = { at: new Date().toISOString(), profile, plaintext, sinks };
  if (subject) snapshot.subject = subject;
  const part = async (name: string, read: () => Promise<unknown>) => {
    try {
      snapshot[name] = await read();
    } catch (error) {
      log.warn('a part of the compliance snapshot could not be read', { part: name, error: String(error) });
    }
  };
  const { facts, problems, probes } = await graphFacts(context, zones, subject);
  Object.assign(snapshot, facts);
  for (const [name, error] of Object.entries(problems))
    log.warn('a part of the compliance snapshot could not be read', { part: name, error });
  for (const [name, read] of Object.entries(databaseReaders))
    await part(name, () => database.asSystem((tx) => read(tx, context)));
  const endpoints = snapshot.endpoints as Parameters<typeof changeFacts>[2] | undefined;
  if (endpoints) await part('changes', () => database.asSystem((tx) => changeFacts(tx, workspaceId, endpoints)));
  if (facts.modelVersions) await part('artifacts', () => artifactFacts(context, probes));
  if (facts.modelVersions && facts.trainingSets) await part('keys', () => keyFacts(context, sealedZones(facts)));
  await part('plugins', async () => pluginFacts(context));
  await part('coverage', () => coverageFacts(context));
  await part('canary', () => canaryFacts(context, zones));
  return snapshot;
}

/** Zones in which artifacts lie: asking for the key of another one would make it. */
const sealedZones = (facts: Readonly<Record<string, unknown>>): string[] => [
  ...new Set(
    [facts.modelVersions, facts.trainingSets].flatMap((rows) => (rows as { zone: string }[]).map(({ zone }) => zone)),
  ),
];
