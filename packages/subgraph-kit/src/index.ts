export { assertBudget, type BudgetedWork, computePool } from './budget.js';
export { judgeCompliance } from './compliance-judges.js';
export { type Connection, connectionOf, PageArguments, PageInfo } from './connection.js';
export { SubgraphContext } from './context.js';
export { type CursorSeal, createCursorSeal } from './cursor.js';
export { Attribute, EntityType, ExtendedEntityType, Shareable } from './decorators.js';
export { DateTime, fieldClasses, JSONObject } from './federated-schema.js';
export { type Governed, type GovernedTable, governedTable, relationsOf, shownColumns } from './governed-table.js';
export { GraphClient, type GraphExecutor, type GraphResult } from './graph-client.js';
export { newId } from './ids.js';
export { parseInput } from './input.js';
export { assertTransfers, instrumentsInForce } from './instruments.js';
export { writeReads } from './log-reads.js';
export type { MaskedField } from './masking.js';
export type { MutationSpec } from './mutation.js';
export type { Platform, RequestContext } from './platform.js';
export { READER_ABROAD, type ReadData, ReaderZones } from './reader-zones.js';
export { type Filter, type PageRequest, Reads } from './reads.js';
export type { Shown } from './shown.js';
export { isLogged } from './shown.js';
export {
  describeSubgraph,
  type ReferenceResolver,
  referencesTo,
  type Subgraph,
  type SubgraphDefinition,
  type SubgraphRequest,
  startSubgraph,
} from './subgraph.js';
export { createSubgraphServer, type SubgraphServerOptions } from './subgraph-server.js';
export { subjectKeyMigrations } from './subject-keys/migrations.js';
export { readPseudonyms } from './subject-keys/read-pseudonyms.js';
export { sealedOnlineStore } from './subject-keys/sealed-online-store.js';
export { SubjectKeys } from './subject-keys/subject-keys.js';
export { renewSubjectRoot, rewrapSubjectRoots, type SubjectPlace } from './subject-keys/subject-roots.js';
export {
  assertPermitInForce,
  instrumentEnded,
  jointPermit,
  type Origin,
  permitColumns,
  permitTransfer,
  type TransferPermit,
} from './transfer-permit.js';
export { type ComplianceWaiver, waiversInForce } from './waivers.js';
