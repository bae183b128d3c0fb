// Facts of other subgraphs, asked of the graph as an auditor of the workspace: the platform sees what an auditor sees.
import { decideResidency, type TransferInstrument } from '@falaj/policy';
import type { Principal } from '@falaj/runtime';
import type { RequestContext } from '@falaj/subgraph-kit';
import type { GovernanceContext } from '../../schema/context.js';
import { instrumentsInForce } from '../residency/instruments.js';

type Facts = Readonly<Record<string, unknown>>;
// biome-ignore lint/suspicious/noExplicitAny: answers of the graph are judged by the schema of the snapshot.
type Node = any;

const PAGE = 200;
/** More objects of a type than any answer here needs; beyond it a part counts as not read, for a sample is no proof. */
const MOST = 5_000;

/** Reads only: `approver` is needed for where artifacts lie. */
export const systemPrincipal = (context: GovernanceContext, zones: readonly string[]): Principal => ({
  id: 'platform',
  kind: 'SERVICE',
  name: 'platform',
  workspaceId: context.principal.workspaceId,
  roles: ['auditor', 'approver'],
  zone: context.principal.zone,
  zones,
});

/** Everything of a connection. */
async function all(context: GovernanceContext, request: RequestContext, field: string, shape: string): Promise<Node[]> {
  const nodes: Node[] = [];
  for (let after: string | null = null; ; ) {
    const document = `query Compliance($first: Int!, $after: String) {
      ${field.includes('(') ? field.replace(')', ', first: $first, after: $after)') : `${field}(first: $first, after: $after)`} {
        edges { node { ${shape} } } pageInfo { hasNextPage endCursor } } }`;
    const answer: Node = await context.platform.graph.query(document, { first: PAGE, after }, request);
    const page = answer[field.split('(')[0] ?? ''];
    nodes.push(...page.edges.map((edge: Node) => edge.node));
    if (!page.pageInfo.hasNextPage) return nodes;
    if (nodes.length >= MOST) throw new RangeError(`more than ${MOST} of ${field}`);
    after = page.pageInfo.endCursor;
  }
}

/** Categories of everything that the workspace registered as data; `unknown` where one cannot be read. */
export async function workspaceCategories(context: GovernanceContext): Promise<string[]> {
  const request = { ...context.request, principal: systemPrincipal(context, context.principal.zones) };
  const sources = await all(context, request, 'dataSources', 'categories');
  return [...new Set(sources.flatMap(({ categories }: Node) => (categories ?? ['unknown']) as string[]))];
}

export interface ProbedVersion {
  readonly id: string;
  readonly artifactKey: string;
  readonly digest: string;
  readonly zone: string;
  readonly served: boolean;
}

export interface GraphFacts {
  readonly facts: Facts;
  /** Parts that could not be read, by name. */
  readonly problems: Readonly<Record<string, string>>;
  readonly probes: readonly ProbedVersion[];
}

const isPlaced = (zone: unknown, zones: unknown): boolean => typeof zone === 'string' && Array.isArray(zones);

/** Each part by itself: one that cannot be read leaves the others known. */
export async function graphFacts(
  context: GovernanceContext,
  zones: readonly string[],
  subject: { readonly type: string; readonly id: string } | null,
): Promise<GraphFacts> {
  const request = { ...context.request, principal: systemPrincipal(context, zones) };
  const problems: Record<string, string> = {};
  const read = async (part: string, field: string, shape: string): Promise<Node[] | undefined> => {
    try {
      return await all(context, request, field, shape);
    } catch (error) {
      problems[part] = error instanceof Error ? error.message : String(error);
      return undefined;
    }
  };
  const [sources, sets, runs, versions, models, endpoints, monitors, promotions] = await Promise.all([
    read('sources', 'dataSources', 'id name zone categories'),
    read(
      'trainingSets',
      'trainingSets',
      'id name zone digest labelSource { id name } featureViews { id name source { id } }',
    ),
    read('runs', 'runs(filter: {state: SUCCEEDED})', 'id name zone allowedZones transferInstruments'),
    read(
      'modelVersions',
      'modelVersions',
      `id modelName modelId version zone categories allowedZones format digest runId trainingSetId trainingSetDigest
       codeReference environment aliases owner artifactKey card { id } run { evaluation { scores baselines { name scores } } }`,
    ),
    read('models', 'models', 'id name description owner'),
    read(
      'endpoints',
      'endpoints(filter: {state: READY})',
      'id name zone revision owner modelVersion { id zone allowedZones categories model { description } }',
    ),
    read('monitors', 'monitors', 'id endpointId state'),
    read('promotions', 'promotions', 'id owner modelVersion { id owner } decisions { decision by }'),
  ]);

  const { workspaceId } = context.principal;
  const instruments = await context.transaction((tx) => instrumentsInForce(tx, workspaceId));
  const narrowed = narrow({ sources, sets, runs, versions, models, endpoints }, subject);
  const facts: Record<string, unknown> = {
    workspaceZones: zones,
    sources: narrowed.sources,
    trainingSets: narrowed.sets?.map((set: Node) => ({
      ...set,
      labelSource: set.labelSource?.name ?? null,
      featureViews: (set.featureViews ?? []).map((view: Node) => view.name),
    })),
    runs: narrowed.runs,
    modelVersions: narrowed.versions?.map(versionFacts),
    models: narrowed.models,
    promotions: promotions && approvals(promotions, subject, narrowed.versions),
    endpoints: narrowed.endpoints?.map(endpointFacts),
    monitors: monitors?.map((monitor: Node) => ({
      id: monitor.id,
      endpointId: monitor.endpointId,
      active: monitor.state === 'ACTIVE',
    })),
    placements:
      narrowed.sources &&
      narrowed.sets &&
      narrowed.endpoints &&
      placements(narrowed.sources, narrowed.sets, narrowed.endpoints, context.services.sinks, zones, instruments),
  };
  for (const [name, value] of Object.entries(facts)) if (value === undefined) delete facts[name];
  const served = new Set((endpoints ?? []).map((endpoint: Node) => endpoint.modelVersion?.id));
  return {
    facts,
    problems,
    probes: (narrowed.versions ?? [])
      .filter(({ artifactKey, digest, zone }: Node) => artifactKey && digest && zone)
      .map((version: Node) => ({ ...version, served: served.has(version.id) })),
  };
}

interface Parts {
  readonly sources: Node[] | undefined;
  readonly sets: Node[] | undefined;
  readonly runs: Node[] | undefined;
  readonly versions: Node[] | undefined;
  readonly models: Node[] | undefined;
  readonly endpoints: Node[] | undefined;
}

/** What one model version or endpoint rests on: its version, model, run, training set, sources and endpoints. */
function narrow(parts: Parts, subject: { readonly type: string; readonly id: string } | null): Parts {
  if (!subject) return parts;
  const endpoints = parts.endpoints?.filter((endpoint) =>
    subject.type === 'Endpoint' ? endpoint.id === subject.id : endpoint.modelVersion?.id === subject.id,
  );
  const versionIds =
    subject.type === 'Endpoint' ? (endpoints ?? []).map((endpoint) => endpoint.modelVersion?.id) : [subject.id];
  const versions = parts.versions?.filter(({ id }) => versionIds.includes(id));
  const of = (key: string) => (versions ?? []).map((version) => version[key]);
  const sets = parts.sets?.filter(({ id }) => of('trainingSetId').includes(id));
  const sourceIds = (sets ?? []).flatMap((set) => [
    set.labelSource?.id,
    ...(set.featureViews ?? []).map((view: Node) => view.source?.id),
  ]);
  return {
    endpoints,
    versions,
    sets,
    runs: parts.runs?.filter(({ id }) => of('runId').includes(id)),
    models: parts.models?.filter(({ id }) => of('modelId').includes(id)),
    sources: sets && parts.sources?.filter(({ id }) => sourceIds.includes(id)),
  };
}

/** Each approval of a promotion beside everybody who must not have given it. */
function approvals(promotions: Node[], subject: object | null, versions: Node[] | undefined) {
  return promotions
    .filter(({ modelVersion }) => !subject || versions?.some(({ id }) => id === modelVersion?.id))
    .flatMap(({ id, owner, modelVersion, decisions }) =>
      (decisions ?? [])
        .filter(({ decision }: Node) => decision === 'APPROVED')
        .flatMap(({ by }: Node) =>
          [...new Set([owner, modelVersion?.owner])].map((requestedBy) => ({
            what: `promotion ${id}`,
            requestedBy,
            approvedBy: by,
          })),
        ),
    );
}

function versionFacts({
  artifactKey: _key,
  modelId: _model,
  trainingSetId: _set,
  modelName,
  card,
  run,
  ...version
}: Node) {
  const baseline = run?.evaluation?.baselines?.[0]?.scores ?? {};
  return {
    ...version,
    name: modelName,
    cardId: card?.id ?? null,
    evaluation: Object.entries(run?.evaluation?.scores ?? {}).flatMap(([metric, value]) =>
      typeof value === 'number' && typeof baseline[metric] === 'number'
        ? [{ metric, value, baseline: baseline[metric] }]
        : [],
    ),
  };
}

const endpointFacts = ({ modelVersion, ...endpoint }: Node) => ({
  ...endpoint,
  modelVersionId: modelVersion?.id,
  allowedZones: modelVersion?.allowedZones,
  categories: modelVersion?.categories,
  dataZone: modelVersion?.zone,
  purpose: modelVersion?.model?.description ?? null,
});

/** What the rules say of each source and training set where it lies, each endpoint where it serves, and each sink of logs. */
function placements(
  sources: Node[],
  sets: Node[],
  endpoints: Node[],
  sinks: GovernanceContext['services']['sinks'],
  zones: readonly string[],
  instruments: readonly TransferInstrument[],
) {
  const questions = [
    ...sources
      .filter((source) => isPlaced(source.zone, source.categories))
      .map((source) => ({
        what: `source ${source.name}`,
        from: source.zone,
        to: source.zone,
        categories: source.categories,
      })),
    ...sources
      .filter((source) => isPlaced(source.zone, source.categories))
      .flatMap(({ name, zone: from, categories }) =>
        sinks.flatMap((sink) =>
          sink.zone === null
            ? []
            : [{ what: `sink ${sink.name} beside source ${name}`, from, to: sink.zone, categories }],
        ),
      ),
    ...sets.flatMap((set) => copies(set, sources)),
    ...endpoints
      .filter(({ zone, modelVersion }) => isPlaced(zone, modelVersion?.categories) && modelVersion.zone)
      .map(({ name, zone, modelVersion }) => ({
        what: `endpoint ${name}`,
        from: modelVersion.zone,
        to: zone,
        categories: modelVersion.categories,
      })),
  ];
  return questions.map((question) => {
    const { allowed, ruleId, reason, reliesOn } = decideResidency({
      dataZone: question.from,
      categories: question.categories,
      targetZone: question.to,
      workspaceZones: zones,
      operation: 'store',
      instruments,
    });
    return { ...question, allowed, ruleId, reason, reliesOn: reliesOn.map(({ id }) => id) };
  });
}

/** A training set is a copy of rows of each of its sources. */
function copies(set: Node, sources: Node[]) {
  const ids = [set.labelSource?.id, ...(set.featureViews ?? []).map((view: Node) => view.source?.id)];
  return sources
    .filter(({ id, zone, categories }) => ids.includes(id) && isPlaced(zone, categories) && set.zone)
    .map(({ name, zone, categories }) => ({
      what: `training set ${set.name} of source ${name}`,
      from: zone,
      to: set.zone,
      categories,
    }));
}
