/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** What must not get worse. */
export type AbGuardrailInput = {
  /** Direction in which it is good. */
  better?: BetterDirection;
  /** How the outcomes of a subject make its value. */
  kind: MetricKind;
  /** Harm per subject that is tolerated, in the unit of the outcome. */
  margin: number;
  /** Name of the outcome. */
  outcome: string;
};

/** What became of a subject. */
export type AbOutcomeInput = {
  /** When; default now. */
  at?: string | null | undefined;
  /** Or the inference id of a prediction: the first one of its subject in a test, or any that the inference log holds. */
  inferenceId?: string | number | null | undefined;
  /** Of outcomes with the same metric and key the first is kept; give one, and a retry counts nothing twice. */
  key?: string | null | undefined;
  /** Name of the outcome. */
  metric: string;
  /** Subject key, as it was sent with the prediction. */
  subject?: string | null | undefined;
  /** Value; 1 for something that happened. */
  value?: number;
};

/** PROMOTE makes the revision of a variant live; KEEP leaves the live revision. */
export type AbTestDecision =
  | 'KEEP'
  | 'PROMOTE';

/** Restricts A/B tests. */
export type AbTestFilter = {
  /** Exact name. */
  name?: string | null | undefined;
  /** A/B tests in this state. */
  state?: AbTestState | null | undefined;
  /** A/B tests in this zone. */
  zone?: string | null | undefined;
};

/** FIXED_HORIZON: one verdict, at the horizon. ALWAYS_VALID: look and stop whenever you like. */
export type AbTestMethod =
  | 'ALWAYS_VALID'
  | 'FIXED_HORIZON';

/** What to measure on each subject. */
export type AbTestMetricInput = {
  /** Direction in which it is good. */
  better?: BetterDirection;
  /** How the outcomes of a subject make its value. */
  kind: MetricKind;
  /** Name of the outcome, as recordAbOutcomes gives it. */
  outcome: string;
};

/** Whether subjects are exposed. */
export type AbTestState =
  | 'RUNNING'
  | 'STOPPED';

/** BLOCKED: the data cannot be trusted. RUNNING: no verdict yet. WINNER: a variant is better and holds every guardrail. NO_WINNER: none is. */
export type AbTestVerdict =
  | 'BLOCKED'
  | 'NO_WINNER'
  | 'RUNNING'
  | 'WINNER';

/** Restricts audit records; all that is given must hold. */
export type AuditFilter = {
  /** Mutation. */
  action?: string | null | undefined;
  /** Principal who acted. */
  actorId?: string | number | null | undefined;
  /** At this instant or later. */
  atSince?: string | null | undefined;
  /** Before this instant. */
  atUntil?: string | null | undefined;
  /** How it ended. */
  outcome?: AuditOutcome | null | undefined;
  /** Id of the object. */
  subjectId?: string | number | null | undefined;
  /** Type of the object, e.g. `Endpoint`. */
  subjectType?: string | null | undefined;
};

/** How a recorded action ended. */
export type AuditOutcome =
  | 'FAILED'
  | 'REFUSED'
  | 'SUCCEEDED';

/** The direction in which a metric is good. */
export type BetterDirection =
  | 'DECREASE'
  | 'INCREASE';

/** Who asks. */
export type CallerKind =
  /** A program with an account of its own. */
  | 'SERVICE'
  /** A person. */
  | 'USER'
  /** One piece of work, such as a training run, for as long as it runs. */
  | 'WORKLOAD';

/** A run to stop. */
export type CancelPipelineRunInput = {
  /** Why. */
  reason: string;
  /** Run. */
  runId: string | number;
};

/** The class of one column of a source. */
export type ColumnClassInput = {
  /** Column of the file. */
  column: string;
  /** open, internal, sensitive, pii or secret. */
  fieldClass: string;
};

/** A comparison with exactly one of number, text, boolean. */
export type ComparisonInput = {
  /** Compare with this truth value. */
  boolean?: boolean | null | undefined;
  /** Compare with this number. */
  number?: number | null | undefined;
  /** How to compare. */
  operator: ComparisonOperator;
  /** Compare with this text. */
  text?: string | null | undefined;
};

/** Compares a column with a value; null compares as false. */
export type ComparisonOperator =
  | 'EQ'
  | 'GT'
  | 'GTE'
  | 'LT'
  | 'LTE'
  | 'NE';

/** One object. */
export type ComplianceSubjectInput = {
  /** Its id. */
  id: string | number;
  /** Its type. */
  type: ComplianceSubjectType;
};

/** Type of an object that can be judged by itself. */
export type ComplianceSubjectType =
  | 'Endpoint'
  | 'ModelVersion';

/** A test on one source column. */
export type ConditionInput = {
  /** Compare with this truth value. */
  boolean?: boolean | null | undefined;
  /** Column that is tested. */
  column: string;
  /** Compare with this number. */
  number?: number | null | undefined;
  /** How to compare. */
  operator: ComparisonOperator;
  /** Compare with this text. */
  text?: string | null | undefined;
};

/** An A/B test. */
export type CreateAbTestInput = {
  /** Chance of a winner where there is no difference. */
  alpha?: number;
  /** Name of the control. */
  control: string;
  /** Endpoint. */
  endpointId: string | number;
  /** What must not get worse. */
  guardrails?: Array<AbGuardrailInput>;
  /** Subjects over all variants, from planAbTest; at least 200. */
  horizon: number;
  /** When there may be a verdict. */
  method?: AbTestMethod;
  /** What decides. */
  metric: AbTestMetricInput;
  /** Absolute change that must not be missed. */
  minimumEffect: number;
  /** Name. */
  name: string;
  /** Chance to find the minimum effect. */
  power?: number;
  /** Control and treatments. */
  variants: Array<VariantInput>;
};

/** A file in an allowed folder that becomes a data source. */
export type CreateDataSourceInput = {
  /** Categories of data: none, personal, sensitive, health, banking, government. */
  categories?: Array<string> | null | undefined;
  /** Classes of columns; others are internal. */
  columnClasses?: Array<ColumnClassInput> | null | undefined;
  /** Format of the file. */
  format: SourceFormat;
  /** Unique in the workspace. */
  name: string;
  /** Path relative to an allowed folder. */
  path: string;
  /** Zone in which the data is stored, e.g. `AE`. */
  zone: string;
};

/** A new endpoint. */
export type CreateEndpointInput = {
  /** Model version to serve. */
  modelVersionId: string | number;
  /** Unique among the live endpoints of the workspace; part of its path. */
  name: string;
  /** Zone in which to serve, e.g. `AE`. */
  zone: string;
};

/** Something that features describe, such as an airport. */
export type CreateEntityInput = {
  /** What it is. */
  description?: string | null | undefined;
  /** Names of the keys that identify it, in order. */
  keys: Array<string>;
  /** Unique in the workspace. */
  name: string;
  /** The key that names a data subject (a person), by the name that inference requests give as `subject`. Cannot be changed later. */
  subjectKey?: string | null | undefined;
};

/** A new experiment. */
export type CreateExperimentInput = {
  /** What it asks. */
  description?: string | null | undefined;
  /** Unique in the workspace. */
  name: string;
};

/** A named set of features, pinned to exact view versions. */
export type CreateFeatureServiceInput = {
  /** What it is for. */
  description?: string | null | undefined;
  /** Unique in the workspace. */
  name: string;
  /** Features of the request itself. */
  requestFeatures?: Array<RequestFeatureInput> | null | undefined;
  /** Views. */
  views: Array<ServiceViewInput>;
};

/** A feature view; the same name again makes its next version. */
export type CreateFeatureViewInput = {
  /** What it holds. */
  description?: string | null | undefined;
  /** Entity that it describes. */
  entityId: string | number;
  /** When a row became true. */
  eventTime: TimeInput;
  /** Features. */
  features: Array<FeatureInput>;
  /** Where the keys of the entity come from, in the order of the entity. */
  keys: Array<KeyInput>;
  /** When a row became known; default: its event time. */
  knownTime?: TimeInput | null | undefined;
  /** Name of the view. */
  name: string;
  /** Source of its rows. */
  sourceId: string | number;
  /** Age in seconds beyond which a value is not used; absent = no limit. */
  ttlSeconds?: number | null | undefined;
};

/** A new model. */
export type CreateModelInput = {
  /** What it is for. */
  description?: string | null | undefined;
  /** Unique in the workspace. */
  name: string;
};

/** A run that becomes the next version of a model. */
export type CreateModelVersionInput = {
  /** Model. */
  modelName: string;
  /** Run that SUCCEEDED, with parity passed. */
  runId: string | number;
};

/** A monitor. */
export type CreateMonitorInput = {
  /** ... among so many of the latest. */
  alarmAmong?: number;
  /** Windows with drift that make an alarm ... */
  alarmWindows?: number;
  /** Endpoint; its inference log must be on. */
  endpointId: string | number;
  /** Features to watch, as the log names them; default all of the model, and prediction. */
  features?: Array<string> | null | undefined;
  /** Expected share of false discoveries. */
  level?: number;
  /** Seconds after which a window of rows is closed as it is. */
  longestSeconds?: number;
  /** Values without which a feature is not judged. */
  minimumRows?: number;
  /** Unique among the monitors of the endpoint. */
  name: string;
  /** Begin of the reference in the log; default the training set. */
  referenceFrom?: string | null | undefined;
  /** End of the reference in the log. */
  referenceTo?: string | null | undefined;
  /** How it is held. */
  rule?: FalseDiscoveryRule;
  /** Begin of the first window; default now. */
  startAt?: string | null | undefined;
  /** Tests. */
  tests?: Array<DriftTest>;
  /** Thresholds of statistics. A test without one decides by its p value, or, where it has none, is shown and decides nothing. */
  thresholds?: Array<DriftThresholdInput>;
  /** Rows of a window; default 2,000 where windowSeconds is not given. */
  windowRows?: number | null | undefined;
  /** Or seconds of a window. */
  windowSeconds?: number | null | undefined;
};

/** A pipeline. Where it differs from the newest version of its name it is the next one. */
export type CreatePipelineInput = {
  /** Runs at a time, over all processes; default 1. */
  concurrency?: number | null | undefined;
  /** What it is for. */
  description?: string | null | undefined;
  /** Lower-case letter, then up to 62 of a-z, 0-9, _ and -. */
  name: string;
  /** Parameters of its runs. */
  parameters?: Array<PipelineParameterInput> | null | undefined;
  /** Higher begins first, -1000 to 1000; default 0. */
  priority?: number | null | undefined;
  /** Stages, 1 to 100. */
  stages: Array<PipelineStageInput>;
};

/** A new principal, whose home is the workspace of the request. It holds no role yet. */
export type CreatePrincipalInput = {
  /** E-mail address. */
  email?: string | null | undefined;
  /** How it signs in with an issuer of its organisation; without one, with the built-in issuer. */
  external?: ExternalIdentityInput | null | undefined;
  /** A person or a program. */
  kind: PrincipalKind;
  /** Name. */
  name: string;
  /** Zone from which it works, e.g. `AE`. */
  zone: string;
};

/** A run that its user logs. */
export type CreateRunInput = {
  /** Experiment that it belongs to. */
  experimentId: string | number;
  /** Name. */
  name: string;
  /** Parameters. */
  parameters?: Array<RunEntryInput> | null | undefined;
  /** When it began; default now. */
  startedAt?: string | null | undefined;
  /** Tags. */
  tags?: Array<RunEntryInput> | null | undefined;
  /** Training sets that it reads, up to 20; the run inherits their categories and zones. */
  trainingSetIds?: Array<string | number> | null | undefined;
  /** Zone; default that of the first training set, or your own. */
  zone?: string | null | undefined;
};

/** A training set: entity rows with a label, joined to features as they were known at each row. */
export type CreateTrainingSetInput = {
  /** Columns carried along unchanged. */
  carry?: Array<string> | null | undefined;
  /** Instant of each entity row: nothing known later is joined. */
  eventTime: TimeInput;
  /** Features to join. */
  featureServiceId: string | number;
  /** Label. */
  label: LabelInput;
  /** Source of the entity rows and the label. */
  labelSourceId: string | number;
  /** Unique in the workspace. */
  name: string;
  /** Zone to store it in; default that of the label source. */
  zone?: string | null | undefined;
};

/** A new workspace; the caller becomes its first administrator. */
export type CreateWorkspaceInput = {
  /** Zones in which its data may be stored and processed, e.g. `AE`. */
  allowedZones: Array<string>;
  /** One of the zones; default the first. */
  defaultZone?: string | null | undefined;
  /** Unique in the installation. */
  name: string;
};

/** PSI: population stability index, nats. KOLMOGOROV_SMIRNOV: two samples, exact p. CHI_SQUARE: of the bins. JENSEN_SHANNON: distance, base 2. WASSERSTEIN: in the unit of the feature. */
export type DriftTest =
  | 'CHI_SQUARE'
  | 'JENSEN_SHANNON'
  | 'KOLMOGOROV_SMIRNOV'
  | 'PSI'
  | 'WASSERSTEIN';

/** A distance from which on a feature has drifted. */
export type DriftThresholdInput = {
  /** Test. */
  test: DriftTest;
  /** Least value that is drift, e.g. 0.2 for PSI. */
  value: number;
};

/** READY answers requests; RETIRED no longer does. */
export type EndpointState =
  | 'READY'
  | 'RETIRED';

/** How an OpenID Connect issuer of the configuration names a principal. */
export type ExternalIdentityInput = {
  /** Issuer, exactly as in its tokens. */
  issuer: string;
  /** Subject: what the issuer’s configured claim, mostly `sub`, says of the principal. */
  subject: string;
};

/** BENJAMINI_HOCHBERG: for independent or positively dependent features. BENJAMINI_YEKUTIELI: for any. */
export type FalseDiscoveryRule =
  | 'BENJAMINI_HOCHBERG'
  | 'BENJAMINI_YEKUTIELI';

/** How a window feature sums up the events of its key. */
export type FeatureAggregate =
  /** Number of events. */
  | 'COUNT'
  /** Mean of a column. */
  | 'MEAN'
  /** Share of events that meet a condition. */
  | 'SHARE'
  /** Sum of a column. */
  | 'SUM';

/** One feature: a column as it is, or an aggregate over a window. */
export type FeatureInput = {
  /** Aggregate over the window; absent = the column itself. */
  aggregate?: FeatureAggregate | null | undefined;
  /** Source column. */
  column?: string | null | undefined;
  /** What SHARE counts. */
  condition?: ConditionInput | null | undefined;
  /** What it means. */
  description?: string | null | undefined;
  /** Unique in the view. */
  name: string;
  /** Type; default FLOAT64, INT64 for COUNT. */
  type?: FeatureType | null | undefined;
  /** Length of the window in seconds. */
  windowSeconds?: number | null | undefined;
};

/** Whether an online value is there, and why not. */
export type FeatureStatus =
  | 'NOT_FOUND'
  | 'NULL_VALUE'
  | 'OUTSIDE_MAX_AGE'
  | 'PRESENT';

/** Type of a feature value. */
export type FeatureType =
  | 'BOOL'
  | 'FLOAT64'
  | 'INT64'
  | 'STRING'
  | 'TIMESTAMP';

/** What a check found. */
export type FindingStatus =
  /** It was judged and does not hold. */
  | 'FAIL'
  /** There is nothing that it speaks of. */
  | 'NOT_APPLICABLE'
  /** It was judged and holds. */
  | 'PASS'
  /** It could not be judged: missing data never passes. */
  | 'UNKNOWN';

/** What a gate judges. */
export type GateCheckKind =
  /** Who vouches for the file by a signature. */
  | 'ATTESTATION'
  /** A score beside another. */
  | 'COMPARISON'
  /** A compliance check. */
  | 'COMPLIANCE'
  /** The model file itself. */
  | 'INTAKE'
  /** The model card. */
  | 'MODEL_CARD'
  /** Proof that the exported model answers as the trainer did. */
  | 'PARITY'
  /** A score. */
  | 'THRESHOLD';

/** Verdict of a gate; what is not known is FAIL. */
export type GateCheckStatus =
  /** It does not hold, or cannot be known. */
  | 'FAIL'
  /** There is nothing to judge, e.g. no version in use yet. */
  | 'NOT_APPLICABLE'
  /** It holds. */
  | 'PASS'
  /** It does not hold; a waiver in force lets the version pass. */
  | 'WAIVED';

/** How a score stands to its limit. */
export type GateOperator =
  /** Greater than. */
  | 'GT'
  /** At least. */
  | 'GTE'
  /** Less than. */
  | 'LT'
  /** At most. */
  | 'LTE';

/** What a score is compared with. */
export type GateReference =
  /** A baseline on the same held-out rows. */
  | 'BASELINE'
  /** The version that an alias names at present. */
  | 'CHAMPION';

/** Where gates come from. */
export type GateScope =
  /** The default of the platform: nobody set another. */
  | 'BUILT_IN'
  /** Set for the model. */
  | 'MODEL'
  /** The default of the workspace. */
  | 'WORKSPACE';

/** How a margin counts. */
export type GateUnit =
  /** The limit is the reference plus the margin. */
  | 'ABSOLUTE'
  /** The limit is the reference plus the margin times its size. */
  | 'RATIO';

/** A role to be held in the workspace of the request. */
export type GrantRoleInput = {
  /** Principal. */
  principalId: string | number;
  /** Role; see the query `roles`. */
  role: string;
};

/** What the candidate may not do worse than the baseline. */
export type GuardrailInput = {
  /** For BUSINESS_METRIC. */
  better?: BetterDirection | null | undefined;
  /** For BUSINESS_METRIC. */
  kind?: MetricKind | null | undefined;
  /** ERROR_RATE: excess of the share, e.g. 0.01. LATENCY_P95: ratio, e.g. 1.5. SCORE_SHIFT: distance, e.g. 0.2. BUSINESS_METRIC: loss per subject. */
  limit: number;
  /** Metric. */
  metric: GuardrailMetric;
  /** Name of the outcome; for BUSINESS_METRIC. */
  outcome?: string | null | undefined;
};

/** ERROR_RATE: excess of the share of failed requests over the baseline. LATENCY_P95: ratio of the 95th percentiles. SCORE_SHIFT: Kolmogorov-Smirnov distance of the scores. BUSINESS_METRIC: loss of an outcome per subject. */
export type GuardrailMetric =
  | 'BUSINESS_METRIC'
  | 'ERROR_RATE'
  | 'LATENCY_P95'
  | 'SCORE_SHIFT';

/** Impact x urgency; P1 is the gravest. */
export type IncidentPriority =
  | 'P1'
  | 'P2'
  | 'P3'
  | 'P4'
  | 'P5';

/** Where an incident stands (ITIL). */
export type IncidentState =
  /** It has an assignee. */
  | 'ASSIGNED'
  /** Confirmed. It can be reopened for seven days. */
  | 'CLOSED'
  /** It is worked on. */
  | 'IN_PROGRESS'
  /** Nobody took it up yet; the response clock runs. */
  | 'NEW'
  /** It waits for somebody else; the clock stands still. */
  | 'PENDING'
  /** It came back; the clock goes on where it stood. */
  | 'REOPENED'
  /** Service is restored; the clock stands still. */
  | 'RESOLVED';

/** What was true of a row of an inference. */
export type InferenceLabelInput = {
  /** When it was known; of two the later stands. Default now. */
  at?: string | null | undefined;
  /** Inference id, as the answer gave it. */
  inferenceId: string | number;
  /** Row of the request, counted from 0. */
  row?: number;
  /** The label: 0 or 1 of a class, else the number. */
  value: number;
};

/** How an input is written down: open and internal as they are, pii as a keyed digest, sensitive and secret not at all. */
export type InputClass =
  | 'internal'
  | 'open'
  | 'pii'
  | 'secret'
  | 'sensitive';

/** For whom a token is issued, and for how long. */
export type IssueAccessTokenInput = {
  /** Principal; its home must be the workspace of the request. */
  principalId: string | number;
  /** Seconds until it expires, 1 to 900. */
  ttlSeconds: number;
};

/** Where a key comes from: exactly one of column, constant. */
export type KeyInput = {
  /** Column (of the source, the entity row or the request) that holds it. */
  column?: string | null | undefined;
  /** The same value for every row. */
  constant?: string | null | undefined;
  /** Name of the key in the entity. */
  name: string;
};

/** How far a rotation is. */
export type KeyRotationState =
  | 'FAILED'
  | 'RUNNING'
  | 'SUCCEEDED';

/** What is to be predicted. */
export type LabelInput = {
  /** Source column. */
  column: string;
  /** Label is 1 where it holds, else 0; absent = the column itself. */
  condition?: ComparisonInput | null | undefined;
  /** Name of the label column. */
  name: string;
};

/** A file to keep with a run. */
export type LogRunArtifactInput = {
  /** The bytes in base64; at most 716,800 bytes. */
  base64: string;
  /** Media type; default application/octet-stream. */
  contentType?: string | null | undefined;
  /** Path within the run, e.g. `plots/roc.png`. */
  path: string;
  /** Run. */
  runId: string | number;
};

/** What to log with a run, all of it or nothing. */
export type LogRunBatchInput = {
  /** Metrics, up to 10,000 points in all. */
  metrics?: Array<MetricSeriesInput> | null | undefined;
  /** Parameters, up to 1,000; each is set once. */
  parameters?: Array<RunEntryInput> | null | undefined;
  /** Run. */
  runId: string | number;
  /** Tags, up to 200. */
  tags?: Array<RunEntryInput> | null | undefined;
};

/** Class of an input; the stricter of this and what is known of its source holds. */
export type LoggedColumnInput = {
  /** Input or column, as the model names it. */
  column: string;
  /** Class. */
  inputClass: InputClass;
};

/** Which rows of a view go to the online store. */
export type MaterializeFeatureViewInput = {
  /** Instant whose values are written; default now. */
  asOf?: string | null | undefined;
  /** View version. */
  featureViewId: string | number;
};

/** A comparison of a stored score. */
export type MetricComparisonInput = {
  /** Unique in the set: a-z, 0-9 and -. */
  id: string | number;
  /** Margin; default 0. */
  margin?: number | null | undefined;
  /** Score, e.g. `auc`. */
  metric: string;
  /** Baseline (default the first) or alias (default the one that is promoted to). */
  name?: string | null | undefined;
  /** How the score must stand to the limit. */
  operator: GateOperator;
  /** What it is compared with. */
  reference: GateReference;
  /** How the margin counts; default ABSOLUTE. */
  unit?: GateUnit | null | undefined;
};

/** PROPORTION: whether a subject had any outcome above 0. MEAN: sum of the outcomes of a subject. */
export type MetricKind =
  | 'MEAN'
  | 'PROPORTION';

/** Points of one metric, as columns: the lists have equal lengths. */
export type MetricSeriesInput = {
  /** Name of the metric. */
  key: string;
  /** Steps. A metric has one value per step; sent again, the last one counts. */
  steps: Array<number>;
  /** When each was measured; default: the time of arrival. */
  times?: Array<string> | null | undefined;
  /** Values. */
  values: Array<unknown>;
};

/** A limit that a stored score must keep. */
export type MetricThresholdInput = {
  /** Unique in the set: a-z, 0-9 and -. */
  id: string | number;
  /** Score, e.g. `auc`. */
  metric: string;
  /** How the score must stand to the limit. */
  operator: GateOperator;
  /** Limit. */
  value: number;
};

/** A section of a model card. */
export type ModelCardSection =
  /** What it learned from; filled from lineage. */
  | 'DATA'
  /** Whom it may harm, and how that is prevented. */
  | 'ETHICAL_CONSIDERATIONS'
  /** What it is for, and what not. */
  | 'INTENDED_USE'
  /** Where it fails. */
  | 'LIMITATIONS'
  /** Scores; filled from the stored evaluation. */
  | 'METRICS'
  /** Who answers for it. */
  | 'OWNERS';

/** Where a model came from. */
export type ModelOrigin =
  /** It was brought as a file. */
  | 'EXTERNAL'
  /** A run of this platform trained it. */
  | 'RUN';

/** What a model takes and gives. */
export type ModelSignatureInput = {
  /** Inputs. */
  inputs: Array<ModelTensorInput>;
  /** Outputs. */
  outputs: Array<ModelTensorInput>;
};

/** A tensor that a model takes or gives. */
export type ModelTensorInput = {
  /** Columns of the second dimension, in order; inputs only. */
  columns?: Array<string> | null | undefined;
  /** Datatype of the Open Inference Protocol, e.g. `FP32`. */
  datatype: string;
  /** Name in the graph. */
  name: string;
  /** Shape; -1 marks a variable dimension. */
  shape: Array<number>;
};

/** ALARM: drift persists. UNKNOWN: something could not be judged; it never counts as OK. */
export type MonitorVerdict =
  | 'ALARM'
  | 'OK'
  | 'UNKNOWN';

/** Entities whose online values are wanted. */
export type OnlineFeaturesInput = {
  /** Instant for the age check; default now. */
  at?: string | null | undefined;
  /** One object of key values per entity, e.g. `{"origin": "LAX"}`. */
  entityRows: Array<Record<string, unknown>>;
  /** Feature service. */
  featureServiceId: string | number;
};

/** A decision about an APPROVE stage. */
export type PipelineDecisionInput = {
  /** Why. */
  reason: string;
  /** Role in which you decide. */
  role: string;
  /** Run. */
  runId: string | number;
  /** Stage that waits. */
  stage: string;
};

/** A parameter that runs of a pipeline take. */
export type PipelineParameterInput = {
  /** What it means. */
  description?: string | null | undefined;
  /** Name. */
  name: string;
  /** What a run takes that is not told, as `{ value: … }`; without it a run must be told. */
  standard?: Record<string, unknown> | null | undefined;
  /** Type; not ARTIFACT. */
  type: PipelineValueType;
};

/** Where a run of a pipeline stands. */
export type PipelineRunState =
  /** It was stopped; it can be resumed. */
  | 'CANCELLED'
  /** Something broke; it can be resumed. */
  | 'FAILED'
  | 'QUEUED'
  /** A rule or a person said no; it can be resumed. */
  | 'REFUSED'
  | 'RUNNING'
  | 'SUCCEEDED'
  /** A person is asked; nothing else goes on. */
  | 'WAITING';

/** A stage. */
export type PipelineStageInput = {
  /** Seconds before the second attempt; doubles; default 1. */
  backoffSeconds?: number | null | undefined;
  /** Whether an earlier result may stand; default by type. */
  cache?: boolean | null | undefined;
  /** Seconds after which an earlier result no longer stands. */
  cacheSeconds?: number | null | undefined;
  /** Unique in the pipeline. */
  name: string;
  /** Stages before it, beside those whose outputs it mentions. */
  needs?: Array<string> | null | undefined;
  /** Parameters by type; texts may mention ${parameters.name} and ${stages.name.output}. */
  parameters?: Record<string, unknown> | null | undefined;
  /** Further attempts after the first, 0 to 20; default 0. */
  retries?: number | null | undefined;
  /** Seconds that one attempt may take; default no limit. */
  timeoutSeconds?: number | null | undefined;
  /** What it does. */
  type: PipelineStageType;
};

/** Where a stage stands. */
export type PipelineStageState =
  /** An earlier result of the same inputs stands for a new one. */
  | 'CACHED'
  | 'CANCELLED'
  | 'FAILED'
  | 'PENDING'
  /** A rule or a person said no. */
  | 'REFUSED'
  | 'RUNNING'
  /** Something before it did not succeed. */
  | 'SKIPPED'
  | 'SUCCEEDED'
  /** A person is asked. */
  | 'WAITING';

/** What a stage does. */
export type PipelineStageType =
  /** Waits for the decision of a person who did not ask for the run. */
  | 'APPROVE'
  /** Runs a program in a process group of its own. */
  | 'COMMAND'
  /** Lets an endpoint serve a version. */
  | 'DEPLOY'
  /** Holds the scores of a training run to bounds. */
  | 'EVALUATE'
  /** Lets the gates of the model judge a version. */
  | 'GATE'
  /** Builds feature views and a training set. */
  | 'PREPARE'
  /** Registers the model of a training run. */
  | 'REGISTER'
  /** Trains and waits for the end. */
  | 'TRAIN'
  /** Holds rows, null shares and label rate of a training set to bounds. */
  | 'VALIDATE';

/** Type of a parameter or an output. */
export type PipelineValueType =
  | 'ARTIFACT'
  | 'BOOLEAN'
  | 'INTEGER'
  | 'NUMBER'
  | 'OBJECT'
  | 'STRING'
  | 'STRINGS';

/** What a sample size is planned from. */
export type PlanAbTestInput = {
  /** Chance of a winner where there is no difference; divide it by the number of treatments. */
  alpha?: number;
  /** Its mean today; of a proportion between 0 and 1. */
  baseline: number;
  /** Its standard deviation per subject; for MEAN. */
  deviation?: number | null | undefined;
  /** Kind of the metric. */
  kind: MetricKind;
  /** Method. */
  method?: AbTestMethod;
  /** Absolute change that must not be missed, more than 0. */
  minimumEffect: number;
  /** Chance to find the minimum effect. */
  power?: number;
  /** Share of the subjects in the treatment. */
  treatmentShare?: number;
};

/** Rows to predict: entity keys, whose features the server joins, or the features themselves. */
export type PredictInput = {
  /** Name of the endpoint. */
  endpoint: string;
  /** One row of feature values each, in the order of the model; null is a missing value. */
  features?: Array<Array<number>> | null | undefined;
  /** Output tensors wanted; default all. */
  outputs?: Array<string> | null | undefined;
  /** One object of entity keys per row, optionally with `event_time` (ISO 8601; default now). */
  rows?: Array<Record<string, unknown>> | null | undefined;
  /** Key of whoever the prediction is about: the same key gets the same variant. Default: the request id. */
  subject?: string | null | undefined;
  /** Model version; default the live one. */
  version?: string | null | undefined;
};

/** A person or a program. */
export type PrincipalKind =
  | 'SERVICE'
  | 'USER';

/** A decision about a promotion. */
export type PromotionDecisionInput = {
  /** Promotion. */
  promotionId: string | number;
  /** Why. */
  reason: string;
  /** Role in which you decide: one that you hold and that the gates ask for. */
  role: string;
};

/** Where a promotion stands; all but PENDING are final. */
export type PromotionState =
  /** A check failed. */
  | 'BLOCKED'
  /** The alias stands for the version. */
  | 'DONE'
  /** Approvals did not come in time. */
  | 'EXPIRED'
  /** Gates or model card changed while it waited. */
  | 'INVALIDATED'
  /** It waits for approvals. */
  | 'PENDING'
  /** Somebody refused it. */
  | 'REJECTED';

/** Whether the answers of a model version count together, or each variant by itself. */
export type QualityGrouping =
  | 'VARIANT'
  | 'VERSION';

/** Outcomes in bulk. */
export type RecordAbOutcomesInput = {
  /** Endpoint. */
  endpointId: string | number;
  /** 1 to 10,000 outcomes. */
  outcomes: Array<AbOutcomeInput>;
};

/** Labels of inferences. */
export type RecordLabelsInput = {
  /** Endpoint. */
  endpointId: string | number;
  /** 1 to 10,000 labels. */
  labels: Array<InferenceLabelInput>;
};

/** A model file from outside; exactly one of contentBase64 and landingPath. */
export type RegisterExternalModelInput = {
  /** Its publisher’s signature on the file: the JSON that `model_signing sign key` writes. A version without one that counts is not promoted. */
  attestation?: Record<string, unknown> | null | undefined;
  /** Categories of the data that it learned from; `none` where none is regulated. */
  categories: Array<string>;
  /** The ONNX file, base64, at most 4 MiB of bytes. */
  contentBase64?: string | null | undefined;
  /** Path of the ONNX file in the landing folder. */
  landingPath?: string | null | undefined;
  /** Model. */
  modelName: string;
  /** What it takes and gives; compared with the graph. Absent: read from the graph. */
  signature?: ModelSignatureInput | null | undefined;
  /** Where it comes from: vendor, address, version. */
  source: string;
  /** Zone in which it is stored. */
  zone: string;
};

/** A model version to make again. */
export type ReproduceModelVersionInput = {
  /** Version; one that a run of this platform trained. */
  modelVersionId: string | number;
};

/** What came of making a model version again. */
export type ReproductionState =
  /** Training set or a score differs; see the comparisons. */
  | 'DIFFERS'
  /** The run did not succeed. */
  | 'FAILED'
  /** Training set and every score are the same. */
  | 'REPRODUCED'
  /** It is trained. */
  | 'RUNNING';

/** A feature computed from the time of the request. */
export type RequestFeatureInput = {
  /** How it is computed. */
  function: RequestFunction;
  /** Name of the column. */
  name: string;
};

/** A feature computed from the time of the request, in UTC. */
export type RequestFunction =
  | 'DAY_OF_MONTH'
  | 'HOUR'
  | 'MONTH'
  | 'WEEKDAY';

/** A version that an alias shall stand for. */
export type RequestPromotionInput = {
  /** Alias. */
  alias: string;
  /** Version. */
  modelVersionId: string | number;
  /** Why. */
  reason: string;
};

/** Approvals that a promotion needs. */
export type RequiredApprovalInput = {
  /** Different persons, 1 to 10. */
  count: number;
  /** Role. */
  role: string;
};

/** A run to go on with; what its stages made stays. */
export type ResumePipelineRunInput = {
  /** Run that is FAILED, REFUSED or CANCELLED. */
  runId: string | number;
  /** Go on with this version of the pipeline; stages that are done must be the same in it. */
  version?: number | null | undefined;
};

/** A way back. */
export type RollbackEndpointInput = {
  /** Endpoint. */
  endpointId: string | number;
  /** Why, for the audit record. */
  reason: string;
  /** Revision to answer by. Default: the live one where the traffic is split, else the newest that was live before it. */
  toRevision?: number | null | undefined;
};

/** An alias that shall stand again for a version that it stood for before. */
export type RollbackModelAliasInput = {
  /** Alias. */
  alias: string;
  /** Model. */
  modelName: string;
  /** Why; kept in the history. */
  reason: string;
  /** Number of the version; default the one before the present. */
  version?: number | null | undefined;
};

/** Where a rollout stands. */
export type RolloutState =
  | 'PROMOTED'
  | 'ROLLED_BACK'
  | 'RUNNING';

/** A step of a rollout. */
export type RolloutStepInput = {
  /** Requests that the candidate must have answered in it. */
  minimumSamples?: number;
  /** Seconds that it lasts at least. */
  minimumSeconds?: number;
  /** Candidate's share in basis points, 1 to 9,999, more than in the step before; the last step held promotes it. */
  weight: number;
};

/** A rotation. */
export type RotateKeyInput = {
  /** Why, for the record. */
  reason: string;
  /** Whether versions before the new one end afterwards: copies and backups under them are then lost. */
  retire?: boolean;
  /** Zone whose key changes. */
  zone: string;
};

/** What to judge. */
export type RunComplianceInput = {
  /** Framework, e.g. `PDPL`; default all. */
  framework?: string | null | undefined;
  /** One object; default the whole workspace. */
  subject?: ComplianceSubjectInput | null | undefined;
};

/** How a run that a user logs came to its end. */
export type RunEnd =
  | 'CANCELLED'
  | 'FAILED'
  | 'SUCCEEDED';

/** A parameter or tag to log. */
export type RunEntryInput = {
  /** Name, one line of 1 to 250 characters. */
  key: string;
  /** Value: up to 6,000 characters of a parameter, 5,000 of a tag. */
  value: string;
};

/** Where a run stands; the last three are final. */
export type RunState =
  | 'CANCELLED'
  | 'FAILED'
  | 'QUEUED'
  | 'RUNNING'
  | 'SUCCEEDED';

/** What people write in a model card; data and metrics are filled in by the platform. */
export type SaveModelCardInput = {
  /** Whom it may harm, and how that is prevented. */
  ethicalConsiderations?: string | null | undefined;
  /** What it is for, and what not. */
  intendedUse?: string | null | undefined;
  /** Where it fails. */
  limitations?: string | null | undefined;
  /** Version. */
  modelVersionId: string | number;
  /** Who answers for it. */
  owners?: Array<string> | null | undefined;
};

/** One view of a feature service. */
export type ServiceViewInput = {
  /** Exact view version. */
  featureViewId: string | number;
  /** Features taken; default all. */
  features?: Array<string> | null | undefined;
  /** Where its keys are found on an entity row or a request. */
  keys: Array<KeyInput>;
};

/** A pool, new or in place of the one of this name; usage recorded from now on is charged so. */
export type SetComputePoolInput = {
  /** ISO 4217 code; one for the whole workspace. */
  currency: string;
  /** What it is. */
  description?: string | null | undefined;
  /** Name. */
  name: string;
  /** One price for a unit. */
  prices: Array<UnitPriceInput>;
};

/** The next revision of a gate set, as a whole. */
export type SetGateSetInput = {
  /** Hours until a promotion expires, 1 to 2160; default 72. */
  approvalHours?: number | null | undefined;
  /** Approvals; default one approver. */
  approvals?: Array<RequiredApprovalInput> | null | undefined;
  /** Required sections of the card; default none. */
  cardSections?: Array<ModelCardSection> | null | undefined;
  /** Comparisons; default none. */
  comparisons?: Array<MetricComparisonInput> | null | undefined;
  /** Compliance checks; default `*`. */
  complianceChecks?: Array<string> | null | undefined;
  /** Model; absent for the default of the workspace. */
  modelName?: string | null | undefined;
  /** Whether proof of parity is needed; default true. */
  parityRequired?: boolean | null | undefined;
  /** Limits; default none. */
  thresholds?: Array<MetricThresholdInput> | null | undefined;
};

/** How the inferences of an endpoint are written down. */
export type SetInferenceLogInput = {
  /** Inputs that are stricter than their source. */
  classes?: Array<LoggedColumnInput>;
  /** Whether they are written down. */
  enabled?: boolean;
  /** Endpoint. */
  endpointId: string | number;
  /** Days after which a record is deleted, 1 to 3,650. */
  retentionDays?: number;
  /** Share that is kept, 1 to 10,000 basis points. */
  sampleRate?: number;
};

/** Which version an alias stands for from now on. */
export type SetModelAliasInput = {
  /** Alias: a lower-case letter, then up to 62 of a-z, 0-9 and -; `latest` and `v<number>` are reserved. */
  alias: string;
  /** Moves a protected alias past its gates, where a rule grants `breakGlass`; needs a reason. */
  breakGlass?: boolean | null | undefined;
  /** Model. */
  modelName: string;
  /** Why; kept in the history. */
  reason?: string | null | undefined;
  /** Number of the version. */
  version: number;
};

/** Whether requests are copied to it. */
export type ShadowState =
  | 'ACTIVE'
  | 'STOPPED';

/** File format of a data source. */
export type SourceFormat =
  /** Comma-separated with a header line. */
  | 'CSV'
  /** An array of objects, or one object a line. */
  | 'JSON'
  /** Apache Parquet. */
  | 'PARQUET';

/** A split of the traffic by hand. */
export type SplitTrafficInput = {
  /** Endpoint. */
  endpointId: string | number;
  /** Variants; none sends everything to the live revision. */
  variants: Array<VariantInput>;
};

/** A model version to make a revision of, which answers nobody yet. */
export type StageRevisionInput = {
  /** Endpoint. */
  endpointId: string | number;
  /** Model version. */
  modelVersionId: string | number;
};

/** A run to start. */
export type StartPipelineRunInput = {
  /** Whether earlier results may stand; default true. */
  caching?: boolean | null | undefined;
  /** Unique in the workspace: a second start under it is the same run. */
  idempotencyKey: string;
  /** Parameters by name. */
  parameters?: Record<string, unknown> | null | undefined;
  /** Pipeline. */
  pipeline: string;
  /** Higher begins first; default that of the pipeline. */
  priority?: number | null | undefined;
  /** Version; default the newest. */
  version?: number | null | undefined;
  /** Zone of its records; default that of the caller. */
  zone?: string | null | undefined;
};

/** A canary. */
export type StartRolloutInput = {
  /** Chance that a guardrail is called broken in a step though it holds. */
  alpha?: number;
  /** Revision that is to take over, from stageRevision. */
  candidateRevision: number;
  /** Endpoint. */
  endpointId: string | number;
  /** Guardrails. */
  guardrails: Array<GuardrailInput>;
  /** Seconds after which a step that could not be passed is rolled back. */
  stepTimeoutSeconds?: number;
  /** Steps. */
  steps: Array<RolloutStepInput>;
};

/** A shadow. */
export type StartShadowInput = {
  /** Endpoint. */
  endpointId: string | number;
  /** Revision, from stageRevision. */
  revision: number;
  /** Share of the requests to copy, 1 to 10,000 basis points. */
  sampleRate?: number;
  /** Score from which on it decides yes. */
  threshold?: number;
};

/** A training to run. */
export type StartTrainingRunInput = {
  /** Number of classes; MULTICLASS only. */
  classes?: number | null | undefined;
  /** Experiment that it belongs to. */
  experimentId: string | number;
  /** Carried columns whose group mean is a baseline. */
  groupBaseline?: Array<string> | null | undefined;
  /** Share of rows, the last by time, held out; default 0.3. */
  holdoutFraction?: number | null | undefined;
  /** Name. */
  name: string;
  /** Parameters of the trainer. */
  parameters?: Record<string, unknown> | null | undefined;
  /** Seed; default 1. */
  seed?: number | null | undefined;
  /** What the label is; default BINARY. */
  task?: TrainingTask | null | undefined;
  /** Trainer plugin; default `gbdt`. */
  trainer?: string | null | undefined;
  /** Training set to learn from. */
  trainingSetId: string | number;
  /** Share of the trained rows, the last by time, for early stopping; default 0.15. */
  validationFraction?: number | null | undefined;
  /** Zone to train in; default that of the training set. */
  zone?: string | null | undefined;
};

/** The end of an A/B test. */
export type StopAbTestInput = {
  /** A/B test. */
  abTestId: string | number;
  /** What becomes of the endpoint. */
  decision: AbTestDecision;
  /** Promotes a variant although the verdict does not name it the winner; recorded as such. */
  override?: boolean;
  /** Why, for the audit record. */
  reason: string;
  /** Variant to promote. */
  variant?: string | null | undefined;
};

/** An instant taken from a source row. */
export type TimeInput = {
  /** Column that holds it. */
  column: string;
  /** strptime format, e.g. `%Y/%m/%d %H:%M`; absent for ISO 8601 and timestamps. */
  format?: string | null | undefined;
  /** Seconds added to the instant, e.g. the hour that a report takes to arrive. */
  offsetSeconds?: number | null | undefined;
  /** Column whose number is added to the instant. */
  plusColumn?: string | null | undefined;
  /** Unit of `plusColumn`. */
  plusUnit?: TimeUnit | null | undefined;
  /** IANA zone of values without one; default UTC. */
  timeZone?: string | null | undefined;
};

/** Unit of a duration. */
export type TimeUnit =
  | 'DAYS'
  | 'HOURS'
  | 'MINUTES'
  | 'SECONDS';

/** What a column of a training set is for. */
export type TrainingColumnRole =
  | 'EVENT_TIME'
  | 'FEATURE'
  | 'KEY'
  | 'LABEL';

/** What the label is: 0 or 1, a class index, or a number. */
export type TrainingTask =
  | 'BINARY'
  | 'MULTICLASS'
  | 'REGRESSION';

/** Price of one unit. */
export type UnitPriceInput = {
  /** Price of one. */
  price: number;
  /** Unit. */
  unit: UsageUnit;
};

/** A new revision of an endpoint. */
export type UpdateEndpointInput = {
  /** Endpoint. */
  endpointId: string | number;
  /** Model version to serve from now on. */
  modelVersionId: string | number;
};

/** What usage is counted in and priced by. */
export type UsageUnit =
  | 'CPU_SECOND'
  | 'GPU_SECOND'
  | 'MEMORY_GIB_SECOND'
  | 'REQUEST'
  | 'STORAGE_GIB_DAY'
  | 'WALL_SECOND';

/** A variant of a split. */
export type VariantInput = {
  /** Lower-case name, unique in the split. */
  name: string;
  /** Revision of the endpoint. */
  revision: number;
  /** Basis points, 0 to 10,000; all together 10,000. */
  weight: number;
};

export type CreateEndpointMutationVariables = Exact<{
  input: CreateEndpointInput;
}>;


export type CreateEndpointMutation = { createEndpoint: { endpoint: { id: string, name: string | null, state: EndpointState | null, zone: string | null, revision: number | null, inferencePath: string | null, device: string | null, compliance: Array<{ checkId: string, status: string | null, reason: string | null }> | null } | null } };

export type UpdateEndpointMutationVariables = Exact<{
  input: UpdateEndpointInput;
}>;


export type UpdateEndpointMutation = { updateEndpoint: { endpoint: { id: string, name: string | null, state: EndpointState | null, revision: number | null } | null } };

export type PredictQueryVariables = Exact<{
  input: PredictInput;
}>;


export type PredictQuery = { predict: { modelName: string | null, modelVersion: string | null, revision: number | null, outputs: Array<{ name: string, datatype: string | null, shape: Array<number> | null, values: Array<number> | null }> | null } | null };

export type CreateExperimentMutationVariables = Exact<{
  input: CreateExperimentInput;
}>;


export type CreateExperimentMutation = { createExperiment: { experiment: { id: string, name: string | null } | null } };

export type StartTrainingRunMutationVariables = Exact<{
  input: StartTrainingRunInput;
}>;


export type StartTrainingRunMutation = { startTrainingRun: { run: { id: string, name: string | null, state: RunState | null } | null } };

export type RunStateQueryVariables = Exact<{
  id: string | number;
}>;


export type RunStateQuery = { run: { id: string, state: RunState | null, step: number | null, totalSteps: number | null, error: string | null, modelDigest: string | null, parity: { rows: number | null, maxDifference: number | null, tolerance: number | null, passed: boolean | null } | null, evaluation: { rows: number | null, trainedRows: number | null, baseRate: number | null, scores: Record<string, unknown> | null, baselines: Array<{ name: string, scores: Record<string, unknown> | null }> | null } | null, metrics: Array<{ key: string, step: number | null, value: number | null }> | null, importance: Array<{ column: string, share: number | null }> | null } | null };

export type CancelRunMutationVariables = Exact<{
  id: string | number;
}>;


export type CancelRunMutation = { cancelRun: { run: { id: string, state: RunState | null } | null } };

export type RunProgressSubscriptionVariables = Exact<{
  runId: string | number;
}>;


export type RunProgressSubscription = { runProgress: { runId: string, state: RunState | null, step: number | null, totalSteps: number | null, metrics: Array<{ key: string, step: number | null, value: number | null }> | null } };

export type CreateDataSourceMutationVariables = Exact<{
  input: CreateDataSourceInput;
}>;


export type CreateDataSourceMutation = { createDataSource: { dataSource: { id: string, name: string | null, rows: number | null, zone: string | null, columns: Array<{ name: string, type: string | null, fieldClass: string | null }> | null } | null } };

export type CreateEntityMutationVariables = Exact<{
  input: CreateEntityInput;
}>;


export type CreateEntityMutation = { createEntity: { entity: { id: string, name: string | null, keys: Array<string> | null } | null } };

export type CreateFeatureViewMutationVariables = Exact<{
  input: CreateFeatureViewInput;
}>;


export type CreateFeatureViewMutation = { createFeatureView: { featureView: { id: string, name: string | null, version: number | null } | null } };

export type BuildFeatureViewMutationVariables = Exact<{
  id: string | number;
}>;


export type BuildFeatureViewMutation = { buildFeatureView: { featureView: { id: string, name: string | null, version: number | null, rows: number | null, keys: number | null, digest: string | null } | null } };

export type CreateFeatureServiceMutationVariables = Exact<{
  input: CreateFeatureServiceInput;
}>;


export type CreateFeatureServiceMutation = { createFeatureService: { featureService: { id: string, name: string | null, views: Array<{ name: string, version: number }> | null } | null } };

export type CreateTrainingSetMutationVariables = Exact<{
  input: CreateTrainingSetInput;
}>;


export type CreateTrainingSetMutation = { createTrainingSet: { trainingSet: { id: string, name: string | null, rows: number | null, digest: string | null, allowedZones: Array<string> | null, columns: Array<{ name: string, role: TrainingColumnRole | null, type: FeatureType | null, nulls: number | null }> | null } | null } };

export type MaterializeFeatureViewMutationVariables = Exact<{
  input: MaterializeFeatureViewInput;
}>;


export type MaterializeFeatureViewMutation = { materializeFeatureView: { materialization: { id: string, rowsWritten: number | null, rowsStale: number | null, asOf: string | null } | null } };

export type OnlineFeaturesQueryVariables = Exact<{
  input: OnlineFeaturesInput;
}>;


export type OnlineFeaturesQuery = { onlineFeatures: Array<{ entityRow: Record<string, unknown> | null, values: Array<{ feature: string, number: number | null, text: string | null, status: FeatureStatus | null, eventTime: string | null }> | null }> | null };

export type GuardedSourcesQueryVariables = Exact<{
  first: number;
}>;


export type GuardedSourcesQuery = { dataSources: { totalCount: number, edges: Array<{ node: { id: string, name: string | null, owner: string | null, digest: string | null, maskedFields: Array<string>, sampleRows: Array<{ cells: Array<{ column: string, value: string | null }> }> | null } }> } };

export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { me: { id: string, name: string | null, kind: CallerKind | null, roles: Array<string> | null, zone: string | null } | null };

export type CreateWorkspaceMutationVariables = Exact<{
  input: CreateWorkspaceInput;
}>;


export type CreateWorkspaceMutation = { createWorkspace: { workspace: { id: string, name: string | null, allowedZones: Array<string> | null, defaultZone: string | null } | null } };

export type CreatePrincipalMutationVariables = Exact<{
  input: CreatePrincipalInput;
}>;


export type CreatePrincipalMutation = { createPrincipal: { principal: { id: string, name: string | null, kind: PrincipalKind | null } | null } };

export type GrantRoleMutationVariables = Exact<{
  input: GrantRoleInput;
}>;


export type GrantRoleMutation = { grantRole: { principal: { id: string, roles: Array<string> | null } | null } };

export type IssueAccessTokenMutationVariables = Exact<{
  input: IssueAccessTokenInput;
}>;


export type IssueAccessTokenMutation = { issueAccessToken: { token: string | null, expiresAt: string | null } };

export type AuditRecordsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  filter?: AuditFilter | null | undefined;
}>;


export type AuditRecordsQuery = { auditRecords: { totalCount: number, pageInfo: { hasNextPage: boolean, endCursor: string | null }, edges: Array<{ node: { id: string, at: string | null, action: string | null, actorId: string | null, subjectType: string | null, subjectId: string | null, outcome: AuditOutcome | null, reason: string | null } }> } };

export type SetComputePoolMutationVariables = Exact<{
  input: SetComputePoolInput;
}>;


export type SetComputePoolMutation = { setComputePool: { computePool: { id: string, name: string | null, currency: string | null } | null } };

export type RunComplianceMutationVariables = Exact<{
  input: RunComplianceInput;
}>;


export type RunComplianceMutation = { runCompliance: { report: { id: string, passed: number | null, failed: number | null, unknown: number | null, notApplicable: number | null, findings: Array<{ checkId: string, status: FindingStatus }> | null } | null } };

export type VerifyAuditLogQueryVariables = Exact<{ [key: string]: never; }>;


export type VerifyAuditLogQuery = { verifyAuditLog: { intact: boolean | null, verified: number | null, pending: number | null, root: string | null, checkpointHolds: boolean | null, faults: Array<{ kind: string | null, recordId: string | null, seq: number | null }> | null } | null };

export type LineageQueryVariables = Exact<{
  featureViewId: string | number;
}>;


export type LineageQuery = { featureView: { name: string | null, version: number | null, trainingSets: { edges: Array<{ node: { name: string | null, rows: number | null, digest: string | null, runs: { edges: Array<{ node: { name: string | null, state: RunState | null, modelVersions: { edges: Array<{ node: { version: number | null, aliases: Array<string> | null, endpoints: { edges: Array<{ node: { name: string | null, zone: string | null, state: EndpointState | null, auditTrail: { edges: Array<{ node: { at: string | null, action: string | null, actorId: string | null, outcome: AuditOutcome | null } }> } | null } }> } | null } }> } | null } }> } | null } }> } | null } | null };

export type ZoneKeysQueryVariables = Exact<{ [key: string]: never; }>;


export type ZoneKeysQuery = { zoneKeys: Array<{ zone: string, keyId: string | null, createdAt: string | null, protection: string | null }> };

export type RotateKeyMutationVariables = Exact<{
  input: RotateKeyInput;
}>;


export type RotateKeyMutation = { rotateKey: { rotation: { id: string } | null } };

export type KeyRotationStateQueryVariables = Exact<{
  id: string | number;
}>;


export type KeyRotationStateQuery = { keyRotation: { state: KeyRotationState | null, fromKeyId: string | null, toKeyId: string | null, artifacts: number | null, rewrapped: number | null, wrappedKeys: number | null, corrupt: Array<string> | null, retiredAt: string | null, error: string | null } | null };

export type CreateModelMutationVariables = Exact<{
  input: CreateModelInput;
}>;


export type CreateModelMutation = { createModel: { model: { id: string, name: string | null } | null } };

export type CreateModelVersionMutationVariables = Exact<{
  input: CreateModelVersionInput;
}>;


export type CreateModelVersionMutation = { createModelVersion: { modelVersion: { id: string, version: number | null, digest: string | null, trainingSetDigest: string | null, allowedZones: Array<string> | null, aliases: Array<string> | null } | null } };

export type SetModelAliasMutationVariables = Exact<{
  input: SetModelAliasInput;
}>;


export type SetModelAliasMutation = { setModelAlias: { alias: { alias: string, setAt: string | null, version: { id: string, version: number | null } | null } | null } };

export type RollbackModelAliasMutationVariables = Exact<{
  input: RollbackModelAliasInput;
}>;


export type RollbackModelAliasMutation = { rollbackModelAlias: { alias: { alias: string, setAt: string | null, version: { id: string, version: number | null } | null } | null } };

export type SaveModelCardMutationVariables = Exact<{
  input: SaveModelCardInput;
}>;


export type SaveModelCardMutation = { saveModelCard: { modelCard: { id: string, revision: number | null, content: { emptySections: Array<ModelCardSection> | null, metrics: Array<{ slice: string, metric: string, value: number | null, baseline: number | null }> | null } | null } | null } };

export type SetGateSetMutationVariables = Exact<{
  input: SetGateSetInput;
}>;


export type SetGateSetMutation = { setGateSet: { gateSet: { id: string, revision: number | null, digest: string | null } | null } };

export type EvaluatePromotionQueryVariables = Exact<{
  modelVersionId: string | number;
  alias: string;
}>;


export type EvaluatePromotionQuery = { evaluatePromotion: { passed: boolean | null, gates: { scope: GateScope | null, revision: number | null, approvals: Array<{ role: string, count: number | null }> | null } | null, checks: Array<{ checkId: string, kind: GateCheckKind | null, status: GateCheckStatus | null, title: string | null, found: string | null, limit: string | null, whatToDo: string | null, evidence: Array<{ name: string, value: string | null }> | null }> | null } };

export type RequestPromotionMutationVariables = Exact<{
  input: RequestPromotionInput;
}>;


export type RequestPromotionMutation = { requestPromotion:
    | { __typename: 'PromotionBlocked', promotion: { id: string, state: PromotionState | null } | null, failed: Array<{ checkId: string, title: string | null, found: string | null, limit: string | null, whatToDo: string | null, evidence: Array<{ name: string, value: string | null }> | null }> }
    | { __typename: 'PromotionClosed', whatToDo: string, promotion: { id: string, state: PromotionState | null, outcome: string | null } | null }
    | { __typename: 'PromotionDone', promotion: { id: string, state: PromotionState | null } | null, alias: { alias: string, version: { id: string, version: number | null } | null } | null }
    | { __typename: 'PromotionPending', promotion: { id: string, state: PromotionState | null, expiresAt: string | null } | null, missing: Array<{ role: string, needed: number | null, given: number | null }> }
   };

export type ApprovePromotionMutationVariables = Exact<{
  input: PromotionDecisionInput;
}>;


export type ApprovePromotionMutation = { approvePromotion:
    | { __typename: 'PromotionBlocked', promotion: { id: string, state: PromotionState | null } | null, failed: Array<{ checkId: string, title: string | null, found: string | null, limit: string | null, whatToDo: string | null, evidence: Array<{ name: string, value: string | null }> | null }> }
    | { __typename: 'PromotionClosed', whatToDo: string, promotion: { id: string, state: PromotionState | null, outcome: string | null } | null }
    | { __typename: 'PromotionDone', promotion: { id: string, state: PromotionState | null } | null, alias: { alias: string, version: { id: string, version: number | null } | null } | null }
    | { __typename: 'PromotionPending', promotion: { id: string, state: PromotionState | null, expiresAt: string | null } | null, missing: Array<{ role: string, needed: number | null, given: number | null }> }
   };

export type RejectPromotionMutationVariables = Exact<{
  input: PromotionDecisionInput;
}>;


export type RejectPromotionMutation = { rejectPromotion:
    | { __typename: 'PromotionBlocked', promotion: { id: string, state: PromotionState | null } | null, failed: Array<{ checkId: string, title: string | null, found: string | null, limit: string | null, whatToDo: string | null, evidence: Array<{ name: string, value: string | null }> | null }> }
    | { __typename: 'PromotionClosed', whatToDo: string, promotion: { id: string, state: PromotionState | null, outcome: string | null } | null }
    | { __typename: 'PromotionDone', promotion: { id: string, state: PromotionState | null } | null, alias: { alias: string, version: { id: string, version: number | null } | null } | null }
    | { __typename: 'PromotionPending', promotion: { id: string, state: PromotionState | null, expiresAt: string | null } | null, missing: Array<{ role: string, needed: number | null, given: number | null }> }
   };

type SettledPromotion_PromotionBlocked_Fragment = { __typename: 'PromotionBlocked', promotion: { id: string, state: PromotionState | null } | null, failed: Array<{ checkId: string, title: string | null, found: string | null, limit: string | null, whatToDo: string | null, evidence: Array<{ name: string, value: string | null }> | null }> };

type SettledPromotion_PromotionClosed_Fragment = { __typename: 'PromotionClosed', whatToDo: string, promotion: { id: string, state: PromotionState | null, outcome: string | null } | null };

type SettledPromotion_PromotionDone_Fragment = { __typename: 'PromotionDone', promotion: { id: string, state: PromotionState | null } | null, alias: { alias: string, version: { id: string, version: number | null } | null } | null };

type SettledPromotion_PromotionPending_Fragment = { __typename: 'PromotionPending', promotion: { id: string, state: PromotionState | null, expiresAt: string | null } | null, missing: Array<{ role: string, needed: number | null, given: number | null }> };

export type SettledPromotionFragment =
  | SettledPromotion_PromotionBlocked_Fragment
  | SettledPromotion_PromotionClosed_Fragment
  | SettledPromotion_PromotionDone_Fragment
  | SettledPromotion_PromotionPending_Fragment
;

export type RegisterExternalModelMutationVariables = Exact<{
  input: RegisterExternalModelInput;
}>;


export type RegisterExternalModelMutation = { registerExternalModel: { modelVersion: { id: string, version: number | null, origin: ModelOrigin | null, digest: string | null, intake: Record<string, unknown> | null } | null } };

export type ReproduceModelVersionMutationVariables = Exact<{
  input: ReproduceModelVersionInput;
}>;


export type ReproduceModelVersionMutation = { reproduceModelVersion: { reproduction: { id: string, state: ReproductionState | null, runId: string | null } | null } };

export type ReproductionQueryVariables = Exact<{
  id: string | number;
}>;


export type ReproductionQuery = { reproduction: { id: string, state: ReproductionState | null, runId: string | null, error: string | null, finishedAt: string | null, comparisons: Array<{ subject: string, expected: string | null, found: string | null, same: boolean | null }> | null } | null };

export type SetInferenceLogMutationVariables = Exact<{
  input: SetInferenceLogInput;
}>;


export type SetInferenceLogMutation = { setInferenceLog: { inferenceLog: { id: string, enabled: boolean | null, sampleRate: number | null, retentionDays: number | null } | null } };

export type RecordLabelsMutationVariables = Exact<{
  input: RecordLabelsInput;
}>;


export type RecordLabelsMutation = { recordLabels: { recorded: number, kept: number, unmatched: number } };

export type InferenceQualityQueryVariables = Exact<{
  endpointId: string | number;
  from: string;
  to?: string | null | undefined;
  bucketSeconds: number;
  by: QualityGrouping;
}>;


export type InferenceQualityQuery = { endpoint: { inferenceLog: { counts: { written: number | null, sampledOut: number | null, dropped: number | null } | null } | null, quality: Array<{ modelVersion: number | null, variant: string | null, from: string | null, rows: number | null, labelled: number | null, coverage: number | null, auc: number | null, brier: number | null, logLoss: number | null, accuracy: number | null, reason: string | null }> | null } | null };

export type CreateMonitorMutationVariables = Exact<{
  input: CreateMonitorInput;
}>;


export type CreateMonitorMutation = { createMonitor: { monitor: { id: string, name: string | null, features: Array<string> | null } | null } };

export type EvaluateMonitorMutationVariables = Exact<{
  id: string | number;
}>;


export type EvaluateMonitorMutation = { evaluateMonitor: { monitor: { id: string, verdict: MonitorVerdict | null, incidentId: string | null, windows: { edges: Array<{ node: { number: number | null, verdict: MonitorVerdict | null, reason: string | null, rowCount: number | null, alarmed: Array<string> | null } }> } | null } | null } };

export type IncidentByIdQueryVariables = Exact<{
  id: string | number;
}>;


export type IncidentByIdQuery = { incident: { id: string, state: IncidentState | null, title: string | null, category: string | null, priority: IncidentPriority | null, links: Array<{ type: string, id: string }> | null } | null };

export type CreatePipelineMutationVariables = Exact<{
  input: CreatePipelineInput;
}>;


export type CreatePipelineMutation = { createPipeline: { created: boolean, pipeline: { id: string, name: string | null, version: number | null } | null } };

export type PipelineByNameQueryVariables = Exact<{
  name: string;
  version?: number | null | undefined;
}>;


export type PipelineByNameQuery = { pipelineByName: { id: string, name: string | null, version: number | null, parameters: Array<{ name: string, type: PipelineValueType, required: boolean }> | null } | null };

export type StartPipelineRunMutationVariables = Exact<{
  input: StartPipelineRunInput;
}>;


export type StartPipelineRunMutation = { startPipelineRun: { started: boolean, run: { id: string, state: PipelineRunState | null } | null } };

export type CancelPipelineRunMutationVariables = Exact<{
  input: CancelPipelineRunInput;
}>;


export type CancelPipelineRunMutation = { cancelPipelineRun: { run: { id: string, state: PipelineRunState | null } | null } };

export type ResumePipelineRunMutationVariables = Exact<{
  input: ResumePipelineRunInput;
}>;


export type ResumePipelineRunMutation = { resumePipelineRun: { run: { id: string, state: PipelineRunState | null } | null } };

export type ApprovePipelineStageMutationVariables = Exact<{
  input: PipelineDecisionInput;
}>;


export type ApprovePipelineStageMutation = { approvePipelineStage: { run: { id: string, state: PipelineRunState | null } | null } };

export type RejectPipelineStageMutationVariables = Exact<{
  input: PipelineDecisionInput;
}>;


export type RejectPipelineStageMutation = { rejectPipelineStage: { run: { id: string, state: PipelineRunState | null } | null } };

export type PipelineRunStateQueryVariables = Exact<{
  id: string | number;
}>;


export type PipelineRunStateQuery = { pipelineRun: { id: string, pipelineName: string | null, pipelineVersion: number | null, state: PipelineRunState | null, parameters: Record<string, unknown> | null, cancelReason: string | null, startedAt: string | null, finishedAt: string | null, error: { code: string, stage: string | null, message: string | null, details: Record<string, unknown> | null } | null, stages: Array<{ name: string | null, type: PipelineStageType | null, state: PipelineStageState | null, attempts: number | null, inputs: Record<string, unknown> | null, outputs: Record<string, unknown> | null, cachedFrom: string | null, approverRole: string | null, question: string | null, startedAt: string | null, finishedAt: string | null, logTail: string | null, error: { code: string, message: string | null, details: Record<string, unknown> | null } | null, decisions: Array<{ approved: boolean | null, role: string | null, reason: string | null, owner: string | null, createdAt: string | null }> | null }> | null } | null };

export type PipelineRunProgressSubscriptionVariables = Exact<{
  runId: string | number;
}>;


export type PipelineRunProgressSubscription = { pipelineRunProgress: { runId: string, state: PipelineRunState | null, stages: Array<{ name: string | null, type: PipelineStageType | null, state: PipelineStageState | null, attempts: number | null, approverRole: string | null, question: string | null, startedAt: string | null, finishedAt: string | null, error: { code: string, message: string | null } | null }> | null } };

export type StageRevisionMutationVariables = Exact<{
  input: StageRevisionInput;
}>;


export type StageRevisionMutation = { stageRevision: { revision: number, endpoint: { id: string, name: string | null } | null } };

export type SplitTrafficMutationVariables = Exact<{
  input: SplitTrafficInput;
}>;


export type SplitTrafficMutation = { splitTraffic: { endpoint: { id: string, name: string | null } | null } };

export type RollbackEndpointMutationVariables = Exact<{
  input: RollbackEndpointInput;
}>;


export type RollbackEndpointMutation = { rollbackEndpoint: { endpoint: { id: string, revision: number | null } | null } };

export type StartRolloutMutationVariables = Exact<{
  input: StartRolloutInput;
}>;


export type StartRolloutMutation = { startRollout: { rollout: { id: string, state: RolloutState | null, step: number | null } | null } };

export type RolloutStateQueryVariables = Exact<{
  id: string | number;
}>;


export type RolloutStateQuery = { rollout: { id: string, state: RolloutState | null, step: number | null, reason: string | null, evidence: Array<{ step: number | null, weight: number | null, findings: Array<{ metric: GuardrailMetric | null, status: string | null, found: number | null, atLeast: number | null, limit: number | null }> | null }> | null } | null };

export type PlanAbTestQueryVariables = Exact<{
  input: PlanAbTestInput;
}>;


export type PlanAbTestQuery = { planAbTest: { control: number, treatment: number, total: number } | null };

export type CreateAbTestMutationVariables = Exact<{
  input: CreateAbTestInput;
}>;


export type CreateAbTestMutation = { createAbTest: { abTest: { id: string, state: AbTestState | null } | null } };

export type RecordAbOutcomesMutationVariables = Exact<{
  input: RecordAbOutcomesInput;
}>;


export type RecordAbOutcomesMutation = { recordAbOutcomes: { recorded: number, repeated: number, unmatched: number } };

export type StopAbTestMutationVariables = Exact<{
  input: StopAbTestInput;
}>;


export type StopAbTestMutation = { stopAbTest: { abTest: { id: string, state: AbTestState | null } | null } };

export type AbTestResultQueryVariables = Exact<{
  id: string | number;
}>;


export type AbTestResultQuery = { abTest: { id: string, state: AbTestState | null, result: { verdict: AbTestVerdict | null, winner: string | null, reasons: Array<string> | null, subjects: number | null, variants: Array<{ name: string, subjects: number | null, mean: number | null }> | null, comparisons: Array<{ variant: string, difference: number | null, lower: number | null, upper: number | null, pValue: number | null, verdict: string | null, guardrails: Array<{ outcome: string | null, status: string | null, worstHarm: number | null, margin: number | null }> | null }> | null, sampleRatio: { pValue: number | null, ok: boolean | null } | null, multipleExposures: { subjects: number | null, ok: boolean | null } | null } | null } | null };

export type AbTestsQueryVariables = Exact<{
  filter?: AbTestFilter | null | undefined;
  first?: number;
  after?: string | null | undefined;
}>;


export type AbTestsQuery = { abTests: { totalCount: number, edges: Array<{ node: { id: string, name: string | null, state: AbTestState | null, decision: string | null, stoppedAt: string | null, endpoint: { id: string, name: string | null } | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type CreateRunMutationVariables = Exact<{
  input: CreateRunInput;
}>;


export type CreateRunMutation = { createRun: { run: { id: string, name: string | null, state: RunState | null } | null } };

export type LogRunBatchMutationVariables = Exact<{
  input: LogRunBatchInput;
}>;


export type LogRunBatchMutation = { logRunBatch: { points: number, parameters: number, tags: number } };

export type LogRunArtifactMutationVariables = Exact<{
  input: LogRunArtifactInput;
}>;


export type LogRunArtifactMutation = { logRunArtifact: { artifact: { path: string, digest: string | null, bytes: number | null } } };

export type FinishRunMutationVariables = Exact<{
  id: string | number;
  state?: RunEnd;
  error?: string | null | undefined;
}>;


export type FinishRunMutation = { finishRun: { run: { id: string, state: RunState | null } | null } };

export type SearchRunsQueryVariables = Exact<{
  filter?: string | null | undefined;
  orderBy?: string | null | undefined;
  first?: number;
  after?: string | null | undefined;
  metrics?: Array<string> | string | null | undefined;
  params?: Array<string> | string | null | undefined;
}>;


export type SearchRunsQuery = { searchRuns: { totalCount: number, edges: Array<{ node: { id: string, name: string | null, state: RunState | null, createdAt: string | null, metrics: Array<{ key: string, step: number | null, value: number | null, text: string | null }> | null, params: Array<{ key: string, value: string | null }> | null, tags: Array<{ key: string, value: string | null }> | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type CompareRunsQueryVariables = Exact<{
  ids: Array<string | number> | string | number;
}>;


export type CompareRunsQuery = { compareRuns: { runs: Array<{ id: string, name: string | null }>, params: Array<{ key: string, values: Array<{ runId: string, value: string | null }> | null }> | null, metrics: Array<{ key: string, values: Array<{ runId: string, value: unknown }> | null }> | null, tags: Array<{ key: string, values: Array<{ runId: string, value: string | null }> | null }> | null } };

export type StartShadowMutationVariables = Exact<{
  input: StartShadowInput;
}>;


export type StartShadowMutation = { startShadow: { shadow: { id: string, state: ShadowState | null } | null } };

export type StopShadowMutationVariables = Exact<{
  id: string | number;
}>;


export type StopShadowMutation = { stopShadow: { shadow: { id: string, state: ShadowState | null, stoppedAt: string | null } | null } };

export type ShadowReportQueryVariables = Exact<{
  id: string | number;
}>;


export type ShadowReportQuery = { shadow: { id: string, state: ShadowState | null, revision: number | null, report: { compared: number | null, failed: number | null, dropped: number | null, rows: number | null, disagreement: number | null, latencyDelta: number | null, scoreDelta: { mean: number | null, minimum: number | null, p5: number | null, p50: number | null, p95: number | null, maximum: number | null } | null, answerLatency: { mean: number | null, p50: number | null, p95: number | null } | null, shadowLatency: { mean: number | null, p50: number | null, p95: number | null } | null } | null } | null };

export const SettledPromotionFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SettledPromotion"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionResult"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionDone"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"promotion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}},{"kind":"Field","name":{"kind":"Name","value":"alias"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"alias"}},{"kind":"Field","name":{"kind":"Name","value":"version"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}}]}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionPending"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"promotion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"missing"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"role"}},{"kind":"Field","name":{"kind":"Name","value":"needed"}},{"kind":"Field","name":{"kind":"Name","value":"given"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionBlocked"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"promotion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}},{"kind":"Field","name":{"kind":"Name","value":"failed"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"checkId"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"found"}},{"kind":"Field","name":{"kind":"Name","value":"limit"}},{"kind":"Field","name":{"kind":"Name","value":"evidence"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}},{"kind":"Field","name":{"kind":"Name","value":"whatToDo"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionClosed"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"promotion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"outcome"}}]}},{"kind":"Field","name":{"kind":"Name","value":"whatToDo"}}]}}]}}]} as unknown as DocumentNode<SettledPromotionFragment, unknown>;
export const CreateEndpointDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateEndpoint"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateEndpointInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createEndpoint"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"endpoint"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"zone"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}},{"kind":"Field","name":{"kind":"Name","value":"inferencePath"}},{"kind":"Field","name":{"kind":"Name","value":"device"}},{"kind":"Field","name":{"kind":"Name","value":"compliance"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"checkId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}}]}}]}}]}}]}}]} as unknown as DocumentNode<CreateEndpointMutation, CreateEndpointMutationVariables>;
export const UpdateEndpointDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"UpdateEndpoint"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"UpdateEndpointInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"updateEndpoint"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"endpoint"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}}]}}]}}]}}]} as unknown as DocumentNode<UpdateEndpointMutation, UpdateEndpointMutationVariables>;
export const PredictDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Predict"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"PredictInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"predict"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"modelName"}},{"kind":"Field","name":{"kind":"Name","value":"modelVersion"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}},{"kind":"Field","name":{"kind":"Name","value":"outputs"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"datatype"}},{"kind":"Field","name":{"kind":"Name","value":"shape"}},{"kind":"Field","name":{"kind":"Name","value":"values"}}]}}]}}]}}]} as unknown as DocumentNode<PredictQuery, PredictQueryVariables>;
export const CreateExperimentDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateExperiment"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateExperimentInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createExperiment"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"experiment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]} as unknown as DocumentNode<CreateExperimentMutation, CreateExperimentMutationVariables>;
export const StartTrainingRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"StartTrainingRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"StartTrainingRunInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startTrainingRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"run"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}}]}}]}}]} as unknown as DocumentNode<StartTrainingRunMutation, StartTrainingRunMutationVariables>;
export const RunStateDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"RunState"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"run"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"step"}},{"kind":"Field","name":{"kind":"Name","value":"totalSteps"}},{"kind":"Field","name":{"kind":"Name","value":"error"}},{"kind":"Field","name":{"kind":"Name","value":"modelDigest"}},{"kind":"Field","name":{"kind":"Name","value":"parity"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rows"}},{"kind":"Field","name":{"kind":"Name","value":"maxDifference"}},{"kind":"Field","name":{"kind":"Name","value":"tolerance"}},{"kind":"Field","name":{"kind":"Name","value":"passed"}}]}},{"kind":"Field","name":{"kind":"Name","value":"evaluation"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rows"}},{"kind":"Field","name":{"kind":"Name","value":"trainedRows"}},{"kind":"Field","name":{"kind":"Name","value":"baseRate"}},{"kind":"Field","name":{"kind":"Name","value":"scores"}},{"kind":"Field","name":{"kind":"Name","value":"baselines"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"scores"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"metrics"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"step"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}},{"kind":"Field","name":{"kind":"Name","value":"importance"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"column"}},{"kind":"Field","name":{"kind":"Name","value":"share"}}]}}]}}]}}]} as unknown as DocumentNode<RunStateQuery, RunStateQueryVariables>;
export const CancelRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CancelRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cancelRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"run"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}}]}}]}}]} as unknown as DocumentNode<CancelRunMutation, CancelRunMutationVariables>;
export const RunProgressDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"RunProgress"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"runId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runProgress"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"runId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"runId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runId"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"step"}},{"kind":"Field","name":{"kind":"Name","value":"totalSteps"}},{"kind":"Field","name":{"kind":"Name","value":"metrics"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"step"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}}]}}]}}]} as unknown as DocumentNode<RunProgressSubscription, RunProgressSubscriptionVariables>;
export const CreateDataSourceDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateDataSource"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateDataSourceInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createDataSource"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"dataSource"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"rows"}},{"kind":"Field","name":{"kind":"Name","value":"zone"}},{"kind":"Field","name":{"kind":"Name","value":"columns"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"fieldClass"}}]}}]}}]}}]}}]} as unknown as DocumentNode<CreateDataSourceMutation, CreateDataSourceMutationVariables>;
export const CreateEntityDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateEntity"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateEntityInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createEntity"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"entity"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"keys"}}]}}]}}]}}]} as unknown as DocumentNode<CreateEntityMutation, CreateEntityMutationVariables>;
export const CreateFeatureViewDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateFeatureView"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateFeatureViewInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createFeatureView"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"featureView"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"version"}}]}}]}}]}}]} as unknown as DocumentNode<CreateFeatureViewMutation, CreateFeatureViewMutationVariables>;
export const BuildFeatureViewDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"BuildFeatureView"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"buildFeatureView"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"featureView"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"rows"}},{"kind":"Field","name":{"kind":"Name","value":"keys"}},{"kind":"Field","name":{"kind":"Name","value":"digest"}}]}}]}}]}}]} as unknown as DocumentNode<BuildFeatureViewMutation, BuildFeatureViewMutationVariables>;
export const CreateFeatureServiceDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateFeatureService"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateFeatureServiceInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createFeatureService"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"featureService"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"views"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"version"}}]}}]}}]}}]}}]} as unknown as DocumentNode<CreateFeatureServiceMutation, CreateFeatureServiceMutationVariables>;
export const CreateTrainingSetDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateTrainingSet"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateTrainingSetInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createTrainingSet"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"trainingSet"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"rows"}},{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"allowedZones"}},{"kind":"Field","name":{"kind":"Name","value":"columns"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"role"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"nulls"}}]}}]}}]}}]}}]} as unknown as DocumentNode<CreateTrainingSetMutation, CreateTrainingSetMutationVariables>;
export const MaterializeFeatureViewDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"MaterializeFeatureView"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"MaterializeFeatureViewInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"materializeFeatureView"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"materialization"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"rowsWritten"}},{"kind":"Field","name":{"kind":"Name","value":"rowsStale"}},{"kind":"Field","name":{"kind":"Name","value":"asOf"}}]}}]}}]}}]} as unknown as DocumentNode<MaterializeFeatureViewMutation, MaterializeFeatureViewMutationVariables>;
export const OnlineFeaturesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"OnlineFeatures"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"OnlineFeaturesInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"onlineFeatures"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"entityRow"}},{"kind":"Field","name":{"kind":"Name","value":"values"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"feature"}},{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"text"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"eventTime"}}]}}]}}]}}]} as unknown as DocumentNode<OnlineFeaturesQuery, OnlineFeaturesQueryVariables>;
export const GuardedSourcesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"GuardedSources"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"dataSources"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"maskedFields"}},{"kind":"Field","name":{"kind":"Name","value":"sampleRows"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"1"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cells"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"column"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}}]}}]}}]}}]}}]}}]} as unknown as DocumentNode<GuardedSourcesQuery, GuardedSourcesQueryVariables>;
export const MeDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Me"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"me"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"roles"}},{"kind":"Field","name":{"kind":"Name","value":"zone"}}]}}]}}]} as unknown as DocumentNode<MeQuery, MeQueryVariables>;
export const CreateWorkspaceDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateWorkspace"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateWorkspaceInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createWorkspace"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"workspace"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"allowedZones"}},{"kind":"Field","name":{"kind":"Name","value":"defaultZone"}}]}}]}}]}}]} as unknown as DocumentNode<CreateWorkspaceMutation, CreateWorkspaceMutationVariables>;
export const CreatePrincipalDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreatePrincipal"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreatePrincipalInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createPrincipal"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"principal"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}}]}}]}}]}}]} as unknown as DocumentNode<CreatePrincipalMutation, CreatePrincipalMutationVariables>;
export const GrantRoleDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"GrantRole"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"GrantRoleInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"grantRole"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"principal"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"roles"}}]}}]}}]}}]} as unknown as DocumentNode<GrantRoleMutation, GrantRoleMutationVariables>;
export const IssueAccessTokenDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"IssueAccessToken"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"IssueAccessTokenInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"issueAccessToken"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"token"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}}]}}]}}]} as unknown as DocumentNode<IssueAccessTokenMutation, IssueAccessTokenMutationVariables>;
export const AuditRecordsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"AuditRecords"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"AuditFilter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"auditRecords"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"at"}},{"kind":"Field","name":{"kind":"Name","value":"action"}},{"kind":"Field","name":{"kind":"Name","value":"actorId"}},{"kind":"Field","name":{"kind":"Name","value":"subjectType"}},{"kind":"Field","name":{"kind":"Name","value":"subjectId"}},{"kind":"Field","name":{"kind":"Name","value":"outcome"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}}]}}]}}]}}]}}]} as unknown as DocumentNode<AuditRecordsQuery, AuditRecordsQueryVariables>;
export const SetComputePoolDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SetComputePool"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"SetComputePoolInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"setComputePool"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"computePool"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}}]}}]}}]} as unknown as DocumentNode<SetComputePoolMutation, SetComputePoolMutationVariables>;
export const RunComplianceDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RunCompliance"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RunComplianceInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runCompliance"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"report"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"passed"}},{"kind":"Field","name":{"kind":"Name","value":"failed"}},{"kind":"Field","name":{"kind":"Name","value":"unknown"}},{"kind":"Field","name":{"kind":"Name","value":"notApplicable"}},{"kind":"Field","name":{"kind":"Name","value":"findings"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"checkId"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}}]}}]}}]}}]} as unknown as DocumentNode<RunComplianceMutation, RunComplianceMutationVariables>;
export const VerifyAuditLogDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"VerifyAuditLog"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"verifyAuditLog"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"intact"}},{"kind":"Field","name":{"kind":"Name","value":"verified"}},{"kind":"Field","name":{"kind":"Name","value":"pending"}},{"kind":"Field","name":{"kind":"Name","value":"root"}},{"kind":"Field","name":{"kind":"Name","value":"checkpointHolds"}},{"kind":"Field","name":{"kind":"Name","value":"faults"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"recordId"}},{"kind":"Field","name":{"kind":"Name","value":"seq"}}]}}]}}]}}]} as unknown as DocumentNode<VerifyAuditLogQuery, VerifyAuditLogQueryVariables>;
export const LineageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Lineage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"featureViewId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"featureView"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"featureViewId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"trainingSets"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"5"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"rows"}},{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"runs"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"1"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"modelVersions"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"1"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"aliases"}},{"kind":"Field","name":{"kind":"Name","value":"endpoints"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"1"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"zone"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"auditTrail"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"5"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"at"}},{"kind":"Field","name":{"kind":"Name","value":"action"}},{"kind":"Field","name":{"kind":"Name","value":"actorId"}},{"kind":"Field","name":{"kind":"Name","value":"outcome"}}]}}]}}]}}]}}]}}]}}]}}]}}]}}]}}]}}]}}]}}]}}]}}]}}]}}]} as unknown as DocumentNode<LineageQuery, LineageQueryVariables>;
export const ZoneKeysDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ZoneKeys"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"zoneKeys"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"zone"}},{"kind":"Field","name":{"kind":"Name","value":"keyId"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"protection"}}]}}]}}]} as unknown as DocumentNode<ZoneKeysQuery, ZoneKeysQueryVariables>;
export const RotateKeyDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RotateKey"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RotateKeyInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rotateKey"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rotation"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}}]} as unknown as DocumentNode<RotateKeyMutation, RotateKeyMutationVariables>;
export const KeyRotationStateDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"KeyRotationState"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"keyRotation"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"fromKeyId"}},{"kind":"Field","name":{"kind":"Name","value":"toKeyId"}},{"kind":"Field","name":{"kind":"Name","value":"artifacts"}},{"kind":"Field","name":{"kind":"Name","value":"rewrapped"}},{"kind":"Field","name":{"kind":"Name","value":"wrappedKeys"}},{"kind":"Field","name":{"kind":"Name","value":"corrupt"}},{"kind":"Field","name":{"kind":"Name","value":"retiredAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"}}]}}]}}]} as unknown as DocumentNode<KeyRotationStateQuery, KeyRotationStateQueryVariables>;
export const CreateModelDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateModel"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateModelInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createModel"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"model"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]} as unknown as DocumentNode<CreateModelMutation, CreateModelMutationVariables>;
export const CreateModelVersionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateModelVersion"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateModelVersionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createModelVersion"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"modelVersion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"trainingSetDigest"}},{"kind":"Field","name":{"kind":"Name","value":"allowedZones"}},{"kind":"Field","name":{"kind":"Name","value":"aliases"}}]}}]}}]}}]} as unknown as DocumentNode<CreateModelVersionMutation, CreateModelVersionMutationVariables>;
export const SetModelAliasDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SetModelAlias"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"SetModelAliasInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"setModelAlias"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"alias"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"alias"}},{"kind":"Field","name":{"kind":"Name","value":"setAt"}},{"kind":"Field","name":{"kind":"Name","value":"version"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}}]}}]}}]}}]}}]} as unknown as DocumentNode<SetModelAliasMutation, SetModelAliasMutationVariables>;
export const RollbackModelAliasDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RollbackModelAlias"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RollbackModelAliasInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rollbackModelAlias"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"alias"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"alias"}},{"kind":"Field","name":{"kind":"Name","value":"setAt"}},{"kind":"Field","name":{"kind":"Name","value":"version"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}}]}}]}}]}}]}}]} as unknown as DocumentNode<RollbackModelAliasMutation, RollbackModelAliasMutationVariables>;
export const SaveModelCardDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SaveModelCard"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"SaveModelCardInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"saveModelCard"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"modelCard"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}},{"kind":"Field","name":{"kind":"Name","value":"content"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"emptySections"}},{"kind":"Field","name":{"kind":"Name","value":"metrics"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"slice"}},{"kind":"Field","name":{"kind":"Name","value":"metric"}},{"kind":"Field","name":{"kind":"Name","value":"value"}},{"kind":"Field","name":{"kind":"Name","value":"baseline"}}]}}]}}]}}]}}]}}]} as unknown as DocumentNode<SaveModelCardMutation, SaveModelCardMutationVariables>;
export const SetGateSetDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SetGateSet"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"SetGateSetInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"setGateSet"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"gateSet"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}},{"kind":"Field","name":{"kind":"Name","value":"digest"}}]}}]}}]}}]} as unknown as DocumentNode<SetGateSetMutation, SetGateSetMutationVariables>;
export const EvaluatePromotionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"EvaluatePromotion"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"modelVersionId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"alias"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"evaluatePromotion"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"modelVersionId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"modelVersionId"}}},{"kind":"Argument","name":{"kind":"Name","value":"alias"},"value":{"kind":"Variable","name":{"kind":"Name","value":"alias"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"passed"}},{"kind":"Field","name":{"kind":"Name","value":"gates"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"scope"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}},{"kind":"Field","name":{"kind":"Name","value":"approvals"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"role"}},{"kind":"Field","name":{"kind":"Name","value":"count"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"checks"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"checkId"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"found"}},{"kind":"Field","name":{"kind":"Name","value":"limit"}},{"kind":"Field","name":{"kind":"Name","value":"evidence"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}},{"kind":"Field","name":{"kind":"Name","value":"whatToDo"}}]}}]}}]}}]} as unknown as DocumentNode<EvaluatePromotionQuery, EvaluatePromotionQueryVariables>;
export const RequestPromotionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RequestPromotion"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RequestPromotionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"requestPromotion"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SettledPromotion"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SettledPromotion"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionResult"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionDone"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"promotion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}},{"kind":"Field","name":{"kind":"Name","value":"alias"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"alias"}},{"kind":"Field","name":{"kind":"Name","value":"version"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}}]}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionPending"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"promotion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"missing"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"role"}},{"kind":"Field","name":{"kind":"Name","value":"needed"}},{"kind":"Field","name":{"kind":"Name","value":"given"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionBlocked"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"promotion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}},{"kind":"Field","name":{"kind":"Name","value":"failed"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"checkId"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"found"}},{"kind":"Field","name":{"kind":"Name","value":"limit"}},{"kind":"Field","name":{"kind":"Name","value":"evidence"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}},{"kind":"Field","name":{"kind":"Name","value":"whatToDo"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionClosed"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"promotion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"outcome"}}]}},{"kind":"Field","name":{"kind":"Name","value":"whatToDo"}}]}}]}}]} as unknown as DocumentNode<RequestPromotionMutation, RequestPromotionMutationVariables>;
export const ApprovePromotionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ApprovePromotion"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionDecisionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"approvePromotion"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SettledPromotion"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SettledPromotion"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionResult"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionDone"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"promotion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}},{"kind":"Field","name":{"kind":"Name","value":"alias"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"alias"}},{"kind":"Field","name":{"kind":"Name","value":"version"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}}]}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionPending"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"promotion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"missing"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"role"}},{"kind":"Field","name":{"kind":"Name","value":"needed"}},{"kind":"Field","name":{"kind":"Name","value":"given"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionBlocked"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"promotion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}},{"kind":"Field","name":{"kind":"Name","value":"failed"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"checkId"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"found"}},{"kind":"Field","name":{"kind":"Name","value":"limit"}},{"kind":"Field","name":{"kind":"Name","value":"evidence"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}},{"kind":"Field","name":{"kind":"Name","value":"whatToDo"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionClosed"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"promotion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"outcome"}}]}},{"kind":"Field","name":{"kind":"Name","value":"whatToDo"}}]}}]}}]} as unknown as DocumentNode<ApprovePromotionMutation, ApprovePromotionMutationVariables>;
export const RejectPromotionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RejectPromotion"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionDecisionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rejectPromotion"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"SettledPromotion"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SettledPromotion"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionResult"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionDone"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"promotion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}},{"kind":"Field","name":{"kind":"Name","value":"alias"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"alias"}},{"kind":"Field","name":{"kind":"Name","value":"version"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}}]}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionPending"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"promotion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"missing"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"role"}},{"kind":"Field","name":{"kind":"Name","value":"needed"}},{"kind":"Field","name":{"kind":"Name","value":"given"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionBlocked"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"promotion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}},{"kind":"Field","name":{"kind":"Name","value":"failed"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"checkId"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"found"}},{"kind":"Field","name":{"kind":"Name","value":"limit"}},{"kind":"Field","name":{"kind":"Name","value":"evidence"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}},{"kind":"Field","name":{"kind":"Name","value":"whatToDo"}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PromotionClosed"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"promotion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"outcome"}}]}},{"kind":"Field","name":{"kind":"Name","value":"whatToDo"}}]}}]}}]} as unknown as DocumentNode<RejectPromotionMutation, RejectPromotionMutationVariables>;
export const RegisterExternalModelDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RegisterExternalModel"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RegisterExternalModelInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"registerExternalModel"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"modelVersion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"origin"}},{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"intake"}}]}}]}}]}}]} as unknown as DocumentNode<RegisterExternalModelMutation, RegisterExternalModelMutationVariables>;
export const ReproduceModelVersionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ReproduceModelVersion"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ReproduceModelVersionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reproduceModelVersion"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reproduction"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"runId"}}]}}]}}]}}]} as unknown as DocumentNode<ReproduceModelVersionMutation, ReproduceModelVersionMutationVariables>;
export const ReproductionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"Reproduction"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reproduction"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"runId"}},{"kind":"Field","name":{"kind":"Name","value":"error"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}},{"kind":"Field","name":{"kind":"Name","value":"comparisons"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"subject"}},{"kind":"Field","name":{"kind":"Name","value":"expected"}},{"kind":"Field","name":{"kind":"Name","value":"found"}},{"kind":"Field","name":{"kind":"Name","value":"same"}}]}}]}}]}}]} as unknown as DocumentNode<ReproductionQuery, ReproductionQueryVariables>;
export const SetInferenceLogDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SetInferenceLog"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"SetInferenceLogInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"setInferenceLog"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"inferenceLog"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"enabled"}},{"kind":"Field","name":{"kind":"Name","value":"sampleRate"}},{"kind":"Field","name":{"kind":"Name","value":"retentionDays"}}]}}]}}]}}]} as unknown as DocumentNode<SetInferenceLogMutation, SetInferenceLogMutationVariables>;
export const RecordLabelsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RecordLabels"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RecordLabelsInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"recordLabels"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"recorded"}},{"kind":"Field","name":{"kind":"Name","value":"kept"}},{"kind":"Field","name":{"kind":"Name","value":"unmatched"}}]}}]}}]} as unknown as DocumentNode<RecordLabelsMutation, RecordLabelsMutationVariables>;
export const InferenceQualityDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"InferenceQuality"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"endpointId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"from"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"DateTime"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"to"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"DateTime"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"bucketSeconds"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"by"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"QualityGrouping"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"endpoint"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"endpointId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"inferenceLog"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"counts"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"written"}},{"kind":"Field","name":{"kind":"Name","value":"sampledOut"}},{"kind":"Field","name":{"kind":"Name","value":"dropped"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"quality"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"from"},"value":{"kind":"Variable","name":{"kind":"Name","value":"from"}}},{"kind":"Argument","name":{"kind":"Name","value":"to"},"value":{"kind":"Variable","name":{"kind":"Name","value":"to"}}},{"kind":"Argument","name":{"kind":"Name","value":"bucketSeconds"},"value":{"kind":"Variable","name":{"kind":"Name","value":"bucketSeconds"}}},{"kind":"Argument","name":{"kind":"Name","value":"by"},"value":{"kind":"Variable","name":{"kind":"Name","value":"by"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"modelVersion"}},{"kind":"Field","name":{"kind":"Name","value":"variant"}},{"kind":"Field","name":{"kind":"Name","value":"from"}},{"kind":"Field","name":{"kind":"Name","value":"rows"}},{"kind":"Field","name":{"kind":"Name","value":"labelled"}},{"kind":"Field","name":{"kind":"Name","value":"coverage"}},{"kind":"Field","name":{"kind":"Name","value":"auc"}},{"kind":"Field","name":{"kind":"Name","value":"brier"}},{"kind":"Field","name":{"kind":"Name","value":"logLoss"}},{"kind":"Field","name":{"kind":"Name","value":"accuracy"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}}]}}]}}]}}]} as unknown as DocumentNode<InferenceQualityQuery, InferenceQualityQueryVariables>;
export const CreateMonitorDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateMonitor"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateMonitorInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createMonitor"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"monitor"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"features"}}]}}]}}]}}]} as unknown as DocumentNode<CreateMonitorMutation, CreateMonitorMutationVariables>;
export const EvaluateMonitorDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"EvaluateMonitor"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"evaluateMonitor"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"monitor"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"verdict"}},{"kind":"Field","name":{"kind":"Name","value":"incidentId"}},{"kind":"Field","name":{"kind":"Name","value":"windows"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"1"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"verdict"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"rowCount"}},{"kind":"Field","name":{"kind":"Name","value":"alarmed"}}]}}]}}]}}]}}]}}]}}]} as unknown as DocumentNode<EvaluateMonitorMutation, EvaluateMonitorMutationVariables>;
export const IncidentByIdDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"IncidentById"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"incident"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"title"}},{"kind":"Field","name":{"kind":"Name","value":"category"}},{"kind":"Field","name":{"kind":"Name","value":"priority"}},{"kind":"Field","name":{"kind":"Name","value":"links"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}}]} as unknown as DocumentNode<IncidentByIdQuery, IncidentByIdQueryVariables>;
export const CreatePipelineDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreatePipeline"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreatePipelineInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createPipeline"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"created"}},{"kind":"Field","name":{"kind":"Name","value":"pipeline"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"version"}}]}}]}}]}}]} as unknown as DocumentNode<CreatePipelineMutation, CreatePipelineMutationVariables>;
export const PipelineByNameDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"PipelineByName"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"name"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"version"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pipelineByName"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"name"},"value":{"kind":"Variable","name":{"kind":"Name","value":"name"}}},{"kind":"Argument","name":{"kind":"Name","value":"version"},"value":{"kind":"Variable","name":{"kind":"Name","value":"version"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"parameters"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"required"}}]}}]}}]}}]} as unknown as DocumentNode<PipelineByNameQuery, PipelineByNameQueryVariables>;
export const StartPipelineRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"StartPipelineRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"StartPipelineRunInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startPipelineRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"started"}},{"kind":"Field","name":{"kind":"Name","value":"run"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}}]}}]}}]} as unknown as DocumentNode<StartPipelineRunMutation, StartPipelineRunMutationVariables>;
export const CancelPipelineRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CancelPipelineRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CancelPipelineRunInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cancelPipelineRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"run"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}}]}}]}}]} as unknown as DocumentNode<CancelPipelineRunMutation, CancelPipelineRunMutationVariables>;
export const ResumePipelineRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ResumePipelineRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ResumePipelineRunInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"resumePipelineRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"run"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}}]}}]}}]} as unknown as DocumentNode<ResumePipelineRunMutation, ResumePipelineRunMutationVariables>;
export const ApprovePipelineStageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"ApprovePipelineStage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineDecisionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"approvePipelineStage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"run"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}}]}}]}}]} as unknown as DocumentNode<ApprovePipelineStageMutation, ApprovePipelineStageMutationVariables>;
export const RejectPipelineStageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RejectPipelineStage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"PipelineDecisionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rejectPipelineStage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"run"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}}]}}]}}]} as unknown as DocumentNode<RejectPipelineStageMutation, RejectPipelineStageMutationVariables>;
export const PipelineRunStateDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"PipelineRunState"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pipelineRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"pipelineName"}},{"kind":"Field","name":{"kind":"Name","value":"pipelineVersion"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"parameters"}},{"kind":"Field","name":{"kind":"Name","value":"cancelReason"}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"stage"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"details"}}]}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"attempts"}},{"kind":"Field","name":{"kind":"Name","value":"inputs"}},{"kind":"Field","name":{"kind":"Name","value":"outputs"}},{"kind":"Field","name":{"kind":"Name","value":"cachedFrom"}},{"kind":"Field","name":{"kind":"Name","value":"approverRole"}},{"kind":"Field","name":{"kind":"Name","value":"question"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}},{"kind":"Field","name":{"kind":"Name","value":"logTail"}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}},{"kind":"Field","name":{"kind":"Name","value":"details"}}]}},{"kind":"Field","name":{"kind":"Name","value":"decisions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"approved"}},{"kind":"Field","name":{"kind":"Name","value":"role"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"owner"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}}]}}]}}]}}]}}]} as unknown as DocumentNode<PipelineRunStateQuery, PipelineRunStateQueryVariables>;
export const PipelineRunProgressDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"PipelineRunProgress"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"runId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pipelineRunProgress"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"runId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"runId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runId"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"stages"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"type"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"attempts"}},{"kind":"Field","name":{"kind":"Name","value":"approverRole"}},{"kind":"Field","name":{"kind":"Name","value":"question"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"finishedAt"}},{"kind":"Field","name":{"kind":"Name","value":"error"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}}]}}]} as unknown as DocumentNode<PipelineRunProgressSubscription, PipelineRunProgressSubscriptionVariables>;
export const StageRevisionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"StageRevision"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"StageRevisionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stageRevision"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"revision"}},{"kind":"Field","name":{"kind":"Name","value":"endpoint"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]} as unknown as DocumentNode<StageRevisionMutation, StageRevisionMutationVariables>;
export const SplitTrafficDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SplitTraffic"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"SplitTrafficInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"splitTraffic"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"endpoint"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}}]} as unknown as DocumentNode<SplitTrafficMutation, SplitTrafficMutationVariables>;
export const RollbackEndpointDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RollbackEndpoint"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RollbackEndpointInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rollbackEndpoint"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"endpoint"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}}]}}]}}]}}]} as unknown as DocumentNode<RollbackEndpointMutation, RollbackEndpointMutationVariables>;
export const StartRolloutDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"StartRollout"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"StartRolloutInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startRollout"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rollout"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"step"}}]}}]}}]}}]} as unknown as DocumentNode<StartRolloutMutation, StartRolloutMutationVariables>;
export const RolloutStateDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"RolloutState"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"rollout"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"step"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"evidence"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"step"}},{"kind":"Field","name":{"kind":"Name","value":"weight"}},{"kind":"Field","name":{"kind":"Name","value":"findings"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"metric"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"found"}},{"kind":"Field","name":{"kind":"Name","value":"atLeast"}},{"kind":"Field","name":{"kind":"Name","value":"limit"}}]}}]}}]}}]}}]} as unknown as DocumentNode<RolloutStateQuery, RolloutStateQueryVariables>;
export const PlanAbTestDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"PlanAbTest"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"PlanAbTestInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"planAbTest"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"control"}},{"kind":"Field","name":{"kind":"Name","value":"treatment"}},{"kind":"Field","name":{"kind":"Name","value":"total"}}]}}]}}]} as unknown as DocumentNode<PlanAbTestQuery, PlanAbTestQueryVariables>;
export const CreateAbTestDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateAbTest"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateAbTestInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createAbTest"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"abTest"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}}]}}]}}]} as unknown as DocumentNode<CreateAbTestMutation, CreateAbTestMutationVariables>;
export const RecordAbOutcomesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RecordAbOutcomes"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RecordAbOutcomesInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"recordAbOutcomes"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"recorded"}},{"kind":"Field","name":{"kind":"Name","value":"repeated"}},{"kind":"Field","name":{"kind":"Name","value":"unmatched"}}]}}]}}]} as unknown as DocumentNode<RecordAbOutcomesMutation, RecordAbOutcomesMutationVariables>;
export const StopAbTestDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"StopAbTest"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"StopAbTestInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stopAbTest"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"abTest"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}}]}}]}}]} as unknown as DocumentNode<StopAbTestMutation, StopAbTestMutationVariables>;
export const AbTestResultDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"AbTestResult"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"abTest"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"result"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"verdict"}},{"kind":"Field","name":{"kind":"Name","value":"winner"}},{"kind":"Field","name":{"kind":"Name","value":"reasons"}},{"kind":"Field","name":{"kind":"Name","value":"subjects"}},{"kind":"Field","name":{"kind":"Name","value":"variants"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"subjects"}},{"kind":"Field","name":{"kind":"Name","value":"mean"}}]}},{"kind":"Field","name":{"kind":"Name","value":"comparisons"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"variant"}},{"kind":"Field","name":{"kind":"Name","value":"difference"}},{"kind":"Field","name":{"kind":"Name","value":"lower"}},{"kind":"Field","name":{"kind":"Name","value":"upper"}},{"kind":"Field","name":{"kind":"Name","value":"pValue"}},{"kind":"Field","name":{"kind":"Name","value":"verdict"}},{"kind":"Field","name":{"kind":"Name","value":"guardrails"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"outcome"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"worstHarm"}},{"kind":"Field","name":{"kind":"Name","value":"margin"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"sampleRatio"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"pValue"}},{"kind":"Field","name":{"kind":"Name","value":"ok"}}]}},{"kind":"Field","name":{"kind":"Name","value":"multipleExposures"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"subjects"}},{"kind":"Field","name":{"kind":"Name","value":"ok"}}]}}]}}]}}]}}]} as unknown as DocumentNode<AbTestResultQuery, AbTestResultQueryVariables>;
export const AbTestsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"AbTests"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"AbTestFilter"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},"defaultValue":{"kind":"IntValue","value":"20"}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"abTests"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"decision"}},{"kind":"Field","name":{"kind":"Name","value":"stoppedAt"}},{"kind":"Field","name":{"kind":"Name","value":"endpoint"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]} as unknown as DocumentNode<AbTestsQuery, AbTestsQueryVariables>;
export const CreateRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreateRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateRunInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"run"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}}]}}]}}]} as unknown as DocumentNode<CreateRunMutation, CreateRunMutationVariables>;
export const LogRunBatchDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"LogRunBatch"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"LogRunBatchInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"logRunBatch"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"points"}},{"kind":"Field","name":{"kind":"Name","value":"parameters"}},{"kind":"Field","name":{"kind":"Name","value":"tags"}}]}}]}}]} as unknown as DocumentNode<LogRunBatchMutation, LogRunBatchMutationVariables>;
export const LogRunArtifactDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"LogRunArtifact"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"LogRunArtifactInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"logRunArtifact"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"artifact"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"path"}},{"kind":"Field","name":{"kind":"Name","value":"digest"}},{"kind":"Field","name":{"kind":"Name","value":"bytes"}}]}}]}}]}}]} as unknown as DocumentNode<LogRunArtifactMutation, LogRunArtifactMutationVariables>;
export const FinishRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"FinishRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"state"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RunEnd"}}},"defaultValue":{"kind":"EnumValue","value":"SUCCEEDED"}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"error"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"finishRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}},{"kind":"Argument","name":{"kind":"Name","value":"state"},"value":{"kind":"Variable","name":{"kind":"Name","value":"state"}}},{"kind":"Argument","name":{"kind":"Name","value":"error"},"value":{"kind":"Variable","name":{"kind":"Name","value":"error"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"run"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}}]}}]}}]} as unknown as DocumentNode<FinishRunMutation, FinishRunMutationVariables>;
export const SearchRunsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"SearchRuns"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"filter"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"orderBy"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"first"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}},"defaultValue":{"kind":"IntValue","value":"20"}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"metrics"}},"type":{"kind":"ListType","type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"params"}},"type":{"kind":"ListType","type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"searchRuns"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}},{"kind":"Argument","name":{"kind":"Name","value":"orderBy"},"value":{"kind":"Variable","name":{"kind":"Name","value":"orderBy"}}},{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"metrics"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"keys"},"value":{"kind":"Variable","name":{"kind":"Name","value":"metrics"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"step"}},{"kind":"Field","name":{"kind":"Name","value":"value"}},{"kind":"Field","name":{"kind":"Name","value":"text"}}]}},{"kind":"Field","name":{"kind":"Name","value":"params"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"keys"},"value":{"kind":"Variable","name":{"kind":"Name","value":"params"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}},{"kind":"Field","name":{"kind":"Name","value":"tags"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}},{"kind":"Field","name":{"kind":"Name","value":"totalCount"}}]}}]}}]} as unknown as DocumentNode<SearchRunsQuery, SearchRunsQueryVariables>;
export const CompareRunsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"CompareRuns"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"ids"}},"type":{"kind":"NonNullType","type":{"kind":"ListType","type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"compareRuns"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"ids"},"value":{"kind":"Variable","name":{"kind":"Name","value":"ids"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runs"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"params"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"values"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runId"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"metrics"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"values"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runId"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"tags"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"key"}},{"kind":"Field","name":{"kind":"Name","value":"values"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"runId"}},{"kind":"Field","name":{"kind":"Name","value":"value"}}]}}]}}]}}]}}]} as unknown as DocumentNode<CompareRunsQuery, CompareRunsQueryVariables>;
export const StartShadowDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"StartShadow"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"StartShadowInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startShadow"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"shadow"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}}]}}]}}]}}]} as unknown as DocumentNode<StartShadowMutation, StartShadowMutationVariables>;
export const StopShadowDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"StopShadow"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"stopShadow"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"shadow"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"stoppedAt"}}]}}]}}]}}]} as unknown as DocumentNode<StopShadowMutation, StopShadowMutationVariables>;
export const ShadowReportDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ShadowReport"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"shadow"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"revision"}},{"kind":"Field","name":{"kind":"Name","value":"report"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"compared"}},{"kind":"Field","name":{"kind":"Name","value":"failed"}},{"kind":"Field","name":{"kind":"Name","value":"dropped"}},{"kind":"Field","name":{"kind":"Name","value":"rows"}},{"kind":"Field","name":{"kind":"Name","value":"disagreement"}},{"kind":"Field","name":{"kind":"Name","value":"latencyDelta"}},{"kind":"Field","name":{"kind":"Name","value":"scoreDelta"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"mean"}},{"kind":"Field","name":{"kind":"Name","value":"minimum"}},{"kind":"Field","name":{"kind":"Name","value":"p5"}},{"kind":"Field","name":{"kind":"Name","value":"p50"}},{"kind":"Field","name":{"kind":"Name","value":"p95"}},{"kind":"Field","name":{"kind":"Name","value":"maximum"}}]}},{"kind":"Field","name":{"kind":"Name","value":"answerLatency"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"mean"}},{"kind":"Field","name":{"kind":"Name","value":"p50"}},{"kind":"Field","name":{"kind":"Name","value":"p95"}}]}},{"kind":"Field","name":{"kind":"Name","value":"shadowLatency"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"mean"}},{"kind":"Field","name":{"kind":"Name","value":"p50"}},{"kind":"Field","name":{"kind":"Name","value":"p95"}}]}}]}}]}}]}}]} as unknown as DocumentNode<ShadowReportQuery, ShadowReportQueryVariables>;