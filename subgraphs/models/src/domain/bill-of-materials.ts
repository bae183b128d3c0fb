// What a model version is made of, as a CycloneDX 1.6 bill of materials with a machine-learning-model in the middle
// (https://cyclonedx.org/capabilities/mlbom/). Made of what the graph shows to who asks: what is withheld from them is missing here.
import { createHash } from 'node:crypto';
import type { Signature } from './registration.js';

export const BILL_OF_MODEL = /* GraphQL */ `
  query BillOfModel($id: ID!) {
    modelVersion(id: $id) {
      id
      modelName
      version
      createdAt
      digest
      format
      zone
      categories
      codeReference
      environment
      trainingSetId
      trainingSetDigest
      evaluation
      maskedFields
      signature { inputs { name datatype shape } outputs { name datatype shape } }
      featureViewVersions { featureViewId name version }
      model { description }
      trainingSet { name rows }
      run { trainer }
      card { content { intendedUse limitations ethicalConsiderations } }
    }
  }
`;

type Scores = Readonly<Record<string, number | null>>;
type Tensors = readonly Pick<Signature['inputs'][number], 'name' | 'datatype' | 'shape'>[];

/** A version as the graph answers it to the caller; null where absent or withheld. */
export interface BillAnswer {
  readonly id: string;
  readonly modelName: string | null;
  readonly version: number | null;
  readonly createdAt: string | null;
  readonly digest: string | null;
  readonly format: string | null;
  readonly zone: string | null;
  readonly categories: readonly string[] | null;
  readonly codeReference: string | null;
  readonly environment: Readonly<Record<string, unknown>> | null;
  readonly trainingSetId: string | null;
  readonly trainingSetDigest: string | null;
  readonly evaluation: {
    readonly scores?: Scores | null;
    readonly baselines?: readonly { readonly name: string; readonly scores: Scores | null }[] | null;
  } | null;
  readonly maskedFields: readonly string[];
  readonly signature: { readonly inputs: Tensors | null; readonly outputs: Tensors | null } | null;
  readonly featureViewVersions:
    | readonly { readonly featureViewId: string; readonly name: string; readonly version: number }[]
    | null;
  readonly model: { readonly description: string | null } | null;
  readonly trainingSet: { readonly name: string | null; readonly rows: number | null } | null;
  readonly run: { readonly trainer: string | null } | null;
  readonly card: {
    readonly content: {
      readonly intendedUse: string | null;
      readonly limitations: string | null;
      readonly ethicalConsiderations: string | null;
    } | null;
  } | null;
}

type Json = Readonly<Record<string, unknown>>;

const HELD_OUT = 'all held-out rows';

/** The same answer gives the same document, its serial number included. */
export function billOfMaterials(version: BillAnswer): Json {
  const training = trainingSetOf(version);
  const trainer = trainerOf(version.environment);
  const views = (version.featureViewVersions ?? []).map(viewOf);
  const components = [...(training ? [training] : []), ...views, ...(trainer ? [trainer] : [])];
  const refs = (parts: readonly Json[]) => parts.map((part) => part['bom-ref']);
  const bill = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { ...given('timestamp', version.createdAt), component: modelOf(version) },
    components,
    dependencies: [
      { ref: version.id, dependsOn: refs([...(training ? [training] : views), ...(trainer ? [trainer] : [])]) },
      ...(training ? [{ ref: training['bom-ref'], dependsOn: refs(views) }] : []),
    ],
  };
  return { ...bill, serialNumber: `urn:uuid:${uuidOf(JSON.stringify(bill))}` };
}

const given = (name: string, value: unknown): Json =>
  value === null || value === undefined || value === '' ? {} : { [name]: value };

function hashes(digest: string | null): Json {
  const [, content] = /^sha256:([0-9a-f]{64})$/.exec(digest ?? '') ?? [];
  return content ? { hashes: [{ alg: 'SHA-256', content }] } : {};
}

const properties = (values: Readonly<Record<string, unknown>>): Json[] =>
  Object.entries(values).flatMap(([name, value]) =>
    value === null || value === undefined || value === '' ? [] : [{ name: `falaj:${name}`, value: String(value) }],
  );

function modelOf(version: BillAnswer): Json {
  const { id, modelName, digest, maskedFields } = version;
  return {
    type: 'machine-learning-model',
    'bom-ref': id,
    name: modelName ?? id,
    ...given('version', version.version?.toString()),
    ...given('description', version.model?.description),
    ...hashes(digest),
    modelCard: {
      modelParameters: {
        ...(version.run ? { approach: { type: 'supervised' } } : {}),
        ...given('architectureFamily', version.run?.trainer),
        ...(version.trainingSetId ? { datasets: [{ ref: version.trainingSetId }] } : {}),
        inputs: formats(version.signature?.inputs),
        outputs: formats(version.signature?.outputs),
      },
      quantitativeAnalysis: { performanceMetrics: metricsOf(version) },
      considerations: considerationsOf(version),
    },
    properties: properties({
      format: version.format,
      zone: version.zone,
      categories: version.categories?.join(', '),
      codeReference: version.codeReference,
      withheld: maskedFields.join(', '),
    }),
  };
}

const formats = (tensors: Tensors | null | undefined): Json[] =>
  (tensors ?? []).map(({ name, datatype, shape }) => ({ format: `${name}: ${datatype} [${shape.join(', ')}]` }));

function metricsOf({ evaluation }: BillAnswer): Json[] {
  const listed = (scores: Scores | null | undefined, slice: string): Json[] =>
    Object.entries(scores ?? {}).flatMap(([type, value]) =>
      value === null ? [] : [{ type, value: String(value), slice }],
    );
  return [
    ...listed(evaluation?.scores, HELD_OUT),
    ...(evaluation?.baselines ?? []).flatMap(({ name, scores }) =>
      listed(scores, `${HELD_OUT}, by the baseline ${name}`),
    ),
  ];
}

function considerationsOf({ card }: BillAnswer): Json {
  const { intendedUse, limitations, ethicalConsiderations } = card?.content ?? {};
  return {
    ...(intendedUse ? { useCases: [intendedUse] } : {}),
    ...(limitations ? { technicalLimitations: [limitations] } : {}),
    ...(ethicalConsiderations ? { ethicalConsiderations: [{ name: ethicalConsiderations }] } : {}),
  };
}

function trainingSetOf({ trainingSetId, trainingSetDigest, trainingSet, categories }: BillAnswer): Json | undefined {
  if (!trainingSetId) return undefined;
  const name = trainingSet?.name ?? trainingSetId;
  return {
    type: 'data',
    'bom-ref': trainingSetId,
    name,
    ...hashes(trainingSetDigest),
    data: [
      {
        type: 'dataset',
        name,
        ...given('classification', categories?.join(', ')),
        contents: { properties: properties({ rows: trainingSet?.rows }) },
      },
    ],
  };
}

const viewOf = ({ featureViewId, name, version }: { featureViewId: string; name: string; version: number }): Json => ({
  type: 'data',
  'bom-ref': featureViewId,
  name,
  version: String(version),
  data: [{ type: 'definition', name }],
});

function trainerOf(environment: BillAnswer['environment']): Json | undefined {
  const { trainer, trainerVersion } = environment ?? {};
  if (typeof trainer !== 'string' || typeof trainerVersion !== 'string') return undefined;
  const purl = `pkg:npm/${trainer.replace('@', '%40')}@${trainerVersion}`;
  return { type: 'library', 'bom-ref': purl, name: trainer, version: trainerVersion, purl };
}

/** A name-based UUID (RFC 9562, version 8) by SHA-256. */
function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
