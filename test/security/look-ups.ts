// Queries for one object by its id, read from the published schema, and an object of home for each.
import { readFileSync } from 'node:fs';
import { buildSchema, getNamedType, isObjectType, isRequiredArgument } from 'graphql';
import type { AttackedPlatform, Role } from './platform.js';

const query = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8')).getQueryType();
const queries = Object.values(query?.getFields() ?? {});
/** Queries for one object by its id, each with the list that shows such objects. */
export const lookUps = queries
  .filter(({ args, type }) => args.length === 1 && args[0]?.name === 'id' && isObjectType(type))
  .map(({ name, type }) => ({
    name,
    list: queries.find(
      (each) =>
        getNamedType(each.type).name === `${getNamedType(type).name}Connection` &&
        each.args.every((arg) => !isRequiredArgument(arg)),
    )?.name,
  }));
/** Beside what the journey makes. */
const MADE: readonly (readonly [Role, string])[] = [
  ['viewer', 'requestAccess(input: { role: "approver", reason: "to look at it closely" }) { accessRequest { id } }'],
  ['administrator', 'createGroup(input: { name: "reviewers" }) { group { id } }'],
  ['administrator', 'eraseSubject(input: { subject: "nobody at all", reason: "to look at it" }) { erasure { id } }'],
  ['administrator', 'rotateKey(input: { zone: "AE", reason: "it is time for it" }) { rotation { id } }'],
  [
    'approver',
    'openIncident(input: { category: "TEST", dedupKey: "isolation", title: "isolation", impact: LOW, urgency: LOW }) { incident { id } }',
  ],
  [
    'data-scientist',
    'createPipeline(input: { name: "isolation", stages: [{ name: "validate", type: VALIDATE, parameters: { trainingSetId: "ts_1" } }] }) { pipeline { id } }',
  ],
];
/** Their rows take traffic, runs or hours to come about; they are read as all others are. */
export const WITHOUT_ROWS = [
  'abTest',
  'inferenceRecord',
  'monitor',
  'pipelineRun',
  'pipelineTrigger',
  'reproduction',
  'rollout',
  'shadow',
];

/** An id of home by the query that finds it. */
export async function idsOfHome(platform: AttackedPlatform): Promise<Record<string, string>> {
  for (const [role, mutation] of MADE) {
    const { errors } = await platform.ask(role, `mutation { ${mutation} }`);
    if (errors.length > 0) throw new Error(`${mutation}: ${JSON.stringify(errors)}`);
  }
  const ids: Record<string, string> = {};
  for (const { name, list } of lookUps) {
    if (list === undefined) continue;
    const { data } = await platform.ask('administrator', `{ ${list}(first: 1) { edges { node { id } } } }`);
    const id = data?.[list]?.edges[0]?.node.id;
    if (id) ids[name] = id;
  }
  return ids;
}
