// Which role sees which class of field of which type, written out here and held against the classes of the published
// supergraph: what is withheld is null, listed in the row and in the answer with path and reason; the rest is untouched.
import { readFileSync } from 'node:fs';
import { type ASTNode, buildSchema, type ConstDirectiveNode, getNamedType, isLeafType, parse, visit } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AttackedPlatform, type Role, roles, startAttacked } from './platform.js';

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const schema = buildSchema(read('schema.graphql'));
const classes = new Map<string, string>();
visit(parse(read('supergraph.graphql')) as ASTNode, {
  ObjectTypeDefinition(type) {
    for (const field of type.fields ?? []) {
      const policy = field.directives?.find((directive: ConstDirectiveNode) => directive.name.value === 'fieldPolicy');
      const value = policy?.arguments?.[0]?.value;
      if (value?.kind === 'EnumValue') classes.set(`${type.name.value}.${field.name.value}`, value.value);
    }
  },
});

const seniors: readonly Role[] = ['auditor', 'administrator'];
const features = {
  SENSITIVE: ['feature-engineer', 'data-scientist', ...seniors],
  PLATFORM: ['feature-engineer', 'data-scientist', ...seniors],
  PII: ['feature-engineer', ...seniors],
};
const runs = {
  SENSITIVE: ['data-scientist', 'approver', ...seniors],
  PLATFORM: ['data-scientist', ...seniors],
  PII: seniors,
};
const experiments = {
  SENSITIVE: ['data-scientist', ...seniors],
  PLATFORM: ['data-scientist', ...seniors],
  PII: seniors,
};
const models = {
  SENSITIVE: ['data-scientist', 'approver', ...seniors],
  PLATFORM: ['data-scientist', 'approver', ...seniors],
  PII: seniors,
};
const personal = { SENSITIVE: seniors, PLATFORM: [] as Role[], PII: seniors };
type Readers = Readonly<Record<'SENSITIVE' | 'PLATFORM' | 'PII', readonly string[]>>;

/** Open and internal fields are for every role of the workspace. The query gives rows of the type at the path. */
const types: Record<
  string,
  { readonly readers: Readers; readonly path: string; readonly absentFor?: readonly Role[] }
> = {
  DataSource: { readers: features, path: 'dataSources.edges.node' },
  Entity: { readers: features, path: 'entities.edges.node' },
  FeatureView: { readers: features, path: 'featureViews.edges.node' },
  FeatureService: { readers: features, path: 'featureServices.edges.node' },
  TrainingSet: { readers: features, path: 'trainingSets.edges.node' },
  Experiment: { readers: experiments, path: 'experiments.edges.node' },
  Run: { readers: runs, path: 'runs.edges.node' },
  Model: { readers: models, path: 'models.edges.node' },
  ModelVersion: { readers: models, path: 'modelVersions.edges.node' },
  ModelAlias: { readers: models, path: 'models.edges.node.aliases' },
  AliasChange: { readers: models, path: 'models.edges.node.aliasHistory.edges.node' },
  Endpoint: { readers: personal, path: 'endpoints.edges.node' },
  EndpointRevision: { readers: personal, path: 'endpoints.edges.node.revisions.edges.node' },
  RoleBinding: { readers: personal, path: 'workspace.members.edges.node' },
  AuditRecord: { readers: personal, path: 'auditRecords.edges.node', absentFor: ['viewer'] },
};

/** Fields that need no argument; objects by their first leaf, so that links and computed parts count too. */
function selection(type: string): { text: string; fields: string[] } {
  const fields: string[] = [];
  const parts: string[] = [];
  const object = schema.getType(type) as import('graphql').GraphQLObjectType;
  for (const field of Object.values(object.getFields())) {
    const target = getNamedType(field.type);
    if (
      target.name.endsWith('Connection') ||
      (target.name in types && field.name !== 'evaluation') ||
      target.name === 'Principal'
    )
      continue;
    if (field.args.some((arg) => arg.defaultValue === undefined && String(arg.type).endsWith('!'))) continue;
    fields.push(field.name);
    parts.push(isLeafType(target) ? field.name : `${field.name} { __typename }`);
  }
  return { text: parts.join(' '), fields };
}
const queryAt = (path: string, text: string): string => {
  const steps = path.split('.');
  const lists = new Set(['edges', 'node', 'workspace', 'aliases']);
  return `{ ${steps.map((step) => `${step}${lists.has(step) ? '' : '(first: 20)'}`).join(' { ')} { ${text} ${'} '.repeat(steps.length)}}`;
};
type Row = Record<string, unknown> & { id: string; maskedFields: string[] };
const rowsAt = (value: unknown, steps: readonly string[]): Row[] => {
  if (Array.isArray(value)) return value.flatMap((each) => rowsAt(each, steps));
  const [step, ...rest] = steps;
  return step === undefined ? [value as Row] : rowsAt((value as Record<string, unknown>)[step], rest);
};

let platform: AttackedPlatform;
beforeAll(async () => {
  platform = await startAttacked();
}, 180_000);
afterAll(() => platform?.stop());

describe.each(Object.entries(types))('%s', (type, { readers, path, absentFor = [] }) => {
  const { text, fields } = selection(type);
  const look = async (role: Role) => {
    const answer = await platform.ask(role, queryAt(path, text));
    expect(answer.errors).toEqual([]);
    return { rows: rowsAt(answer.data, path.split('.')).filter(Boolean), masked: answer.masked };
  };

  it.each(roles)('%s', async (role) => {
    if (role === 'outsider' || absentFor.includes(role)) {
      const { data } = await platform.ask(role, queryAt(path, 'id'));
      expect(data?.workspace === null ? [] : rowsAt(data, path.split('.'))).toEqual([]);
      return;
    }
    const whole = await look('administrator');
    const { rows, masked } = await look(role);
    expect(whole.rows.length).toBeGreaterThan(0);
    const readable = (field: string) => {
      const name = classes.get(`${type}.${field}`) ?? 'OPEN';
      return name === 'OPEN' || name === 'INTERNAL' || readers[name as keyof Readers]?.includes(role);
    };
    const withheld = fields.filter((field) => !readable(field));
    expect(rows.map(({ id }) => id)).toEqual(whole.rows.map(({ id }) => id));
    for (const [place, row] of rows.entries())
      for (const field of fields.filter((name) => name !== 'maskedFields')) {
        expect({ field, value: row[field] }).toEqual({
          field,
          value: readable(field) ? whole.rows[place]?.[field] : null,
        });
        expect({ field, masked: row.maskedFields.includes(field) }).toEqual({ field, masked: !readable(field) });
      }
    for (const field of withheld)
      expect(masked).toContainEqual(
        expect.objectContaining({
          type,
          field,
          path: expect.stringMatching(new RegExp(`\\.${field}$`)),
          reason: expect.stringMatching(/^[A-Z_]+$/),
        }),
      );
    expect([...new Set(masked.filter((entry) => entry.type === type).map((entry) => entry.field))].sort()).toEqual(
      withheld.sort(),
    );
  });
});

it.each<[Role, string[]]>([
  ['feature-engineer', ['iata', 'name']],
  ['data-scientist', ['iata']],
  ['approver', []],
  ['auditor', []],
  ['viewer', []],
])('sample cells of %s follow the class of their column', async (role, shown) => {
  const { data, masked } = await platform.ask(
    role,
    `{ dataSource(id: "${platform.journey.ids.airports}") { sampleRows(first: 1) { cells { column value } } } }`,
  );
  const cells: { column: string; value: string | null }[] = data.dataSource.sampleRows[0].cells;
  expect(
    cells
      .filter(({ column, value }) => ['iata', 'name'].includes(column) && value !== null)
      .map(({ column }) => column)
      .sort(),
  ).toEqual(shown);
  expect(masked.some(({ field }) => field === 'value')).toBe(shown.length < 2);
});

it('a tampered cursor, and one of somebody else, open nothing', async () => {
  const first = await platform.ask('data-scientist', '{ dataSources(first: 1) { pageInfo { endCursor } } }');
  const cursor: string = first.data.dataSources.pageInfo.endCursor;
  const middle = cursor.length >> 1;
  const tampered = `${cursor.slice(0, middle)}${cursor[middle] === 'A' ? 'B' : 'A'}${cursor.slice(middle + 1)}`;
  const next = (role: Role, after: string) =>
    platform.ask(role, `{ dataSources(first: 1, after: "${after}") { totalCount } }`);
  expect((await next('data-scientist', cursor)).errors).toEqual([]);
  for (const [role, after] of [
    ['data-scientist', tampered],
    ['viewer', cursor],
    ['data-scientist', 'x'],
  ] as const)
    expect(await next(role, after)).toMatchObject({ code: 'BAD_USER_INPUT', data: null });
});

describe('an oracle', () => {
  const METRICS = '{ runs(first: 20) { edges { node { id state metrics { key value } } } } }';
  const search = (role: Role, args: string) =>
    platform.ask(
      role,
      `{ searchRuns(first: 20, ${args}) { totalCount pageInfo { hasNextPage } edges { node { id } } } }`,
    );
  const told = ({ data, code, message }: Awaited<ReturnType<typeof search>>) => JSON.stringify([data, code, message]);

  it('of a hundred questions learns nothing of a value that is always withheld', async () => {
    const { data } = await platform.ask('auditor', METRICS);
    const metrics = data.runs.edges.flatMap(({ node }: Row) => node as unknown as { metrics: { key: string }[] }[]);
    const { key } = metrics.flatMap((run: { metrics: { key: string }[] }) => run.metrics)[0];
    const answers = new Set<string>();
    for (let question = 0; question < 50; question++)
      answers.add(told(await search('viewer', `filter: "metrics.${key} > ${question / 50}"`)));
    for (let question = 0; question < 25; question++)
      answers.add(told(await search('viewer', `orderBy: "metrics.${key} ${question % 2 ? 'ASC' : 'DESC'}"`)));
    expect(answers.size).toBe(1);
    expect([...answers][0]).toContain('FORBIDDEN_FILTER');
    // Somebody who may see it is told: the questions are good ones.
    const seen = await Promise.all([-1, 1e9].map((bound) => search('auditor', `filter: "metrics.${key} > ${bound}"`)));
    expect(seen.map((answer) => answer.data.searchRuns.totalCount > 0)).toEqual([true, false]);
    // Names are withheld but for one's own: no part of another's name finds anybody.
    const names = new Set<string>();
    for (const letter of 'bdfghjklmnopqrstuxyzBDGK2')
      names.add(
        JSON.stringify(
          (
            await platform.ask(
              'viewer',
              `{ principals(first: 50, filter: { nameContains: "${letter}" }) { totalCount edges { node { id } } } }`,
            )
          ).data.principals.edges.filter(
            ({ node }: { node: { id: string } }) => node.id !== platform.home.principals.get('viewer'),
          ),
        ),
      );
    expect([...names]).toEqual(['[]']);
  });

  it('a cursor holds nothing that can be read', async () => {
    const { data } = await platform.ask(
      'auditor',
      '{ searchRuns(first: 1, orderBy: "attributes.name") { edges { cursor node { id name } } } }',
    );
    const [{ cursor, node }] = data.searchRuns.edges;
    const bytes = Buffer.from(cursor, 'base64url').toString('latin1');
    for (const value of [node.id, node.name]) expect(bytes).not.toContain(value);
  });
});

it('a bill of materials holds what its reader may read of the model, and says what it lacks', async () => {
  const id = platform.journey.ids.modelVersionId;
  const billFor = (role: Role) =>
    platform.ask(role, `{ modelBillOfMaterials(modelVersionId: "${id}") { modelVersionId document } }`);
  const { data } = await platform.ask('data-scientist', `{ modelVersion(id: "${id}") { digest trainingSetId } }`);
  const { digest, trainingSetId } = data.modelVersion;

  const full = await billFor('data-scientist');
  expect(full.errors).toEqual([]);
  const { metadata, components, dependencies } = full.data.modelBillOfMaterials.document;
  expect(metadata.component.hashes).toEqual([{ alg: 'SHA-256', content: digest.replace('sha256:', '') }]);
  expect(metadata.component.modelCard.quantitativeAnalysis.performanceMetrics.length).toBeGreaterThan(0);
  expect(components.map((component: { type: string }) => component.type)).toEqual(
    expect.arrayContaining(['data', 'library']),
  );
  expect(dependencies[0].dependsOn).toContain(trainingSetId);

  const partial = await billFor('viewer');
  expect(partial.text).not.toContain(digest.replace('sha256:', ''));
  const { component } = partial.data.modelBillOfMaterials.document.metadata;
  expect(component).not.toHaveProperty('hashes');
  expect(component.modelCard.quantitativeAnalysis.performanceMetrics).toEqual([]);
  const withheld = component.properties.find(({ name }: { name: string }) => name === 'falaj:withheld');
  expect(withheld.value.split(', ')).toEqual(expect.arrayContaining(['digest', 'evaluation', 'owner']));

  const outside = await platform.ask(
    'data-scientist',
    `{ modelBillOfMaterials(modelVersionId: "${id}") { document } }`,
    {
      from: platform.elsewhere,
    },
  );
  expect(outside).toMatchObject({ code: 'NOT_FOUND', data: null });
});
