// What this service provider can do, for clients that ask (RFC 7643, sections 5 to 7).
import { LIST_SCHEMA, MOST_RESULTS } from './list-request.js';
import { GROUP_SCHEMA, USER_SCHEMA } from './resource-types.js';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0';

interface Described {
  readonly name: string;
  readonly type?: 'string' | 'boolean' | 'complex' | 'reference';
  readonly description: string;
  readonly multiValued?: boolean;
  readonly required?: boolean;
  readonly caseExact?: boolean;
  readonly uniqueness?: 'none' | 'server';
  readonly subAttributes?: readonly Described[];
}

const attribute = ({ subAttributes, ...own }: Described): object => ({
  type: 'string',
  multiValued: false,
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
  ...own,
  ...(subAttributes ? { type: 'complex', subAttributes: subAttributes.map(attribute) } : {}),
});

const externalId: Described = {
  name: 'externalId',
  description: 'How the directory calls it.',
  caseExact: true,
  uniqueness: 'server',
};
const schemas: readonly {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly attributes: readonly Described[];
}[] = [
  {
    id: USER_SCHEMA,
    name: 'User',
    description: 'A person of the workspace.',
    attributes: [
      { name: 'userName', description: 'Unique in the workspace.', required: true, uniqueness: 'server' },
      externalId,
      { name: 'active', type: 'boolean', description: 'Whether the person may do anything here.' },
      { name: 'displayName', description: 'Name as it is shown.' },
      {
        name: 'name',
        description: 'Parts of the name.',
        subAttributes: [
          { name: 'formatted', description: 'The whole of it.' },
          { name: 'givenName', description: 'Given name.' },
          { name: 'familyName', description: 'Family name.' },
        ],
      },
      {
        name: 'emails',
        description: 'E-mail addresses.',
        multiValued: true,
        subAttributes: [
          { name: 'value', description: 'Address.' },
          { name: 'type', description: 'For example work.' },
          { name: 'primary', type: 'boolean', description: 'Whether it is the one to use.' },
        ],
      },
    ],
  },
  {
    id: GROUP_SCHEMA,
    name: 'Group',
    description: 'People of the workspace who hold the same roles.',
    attributes: [
      { name: 'displayName', description: 'Unique in the workspace.', required: true, uniqueness: 'server' },
      externalId,
      {
        name: 'members',
        description: 'Users in it.',
        multiValued: true,
        subAttributes: [
          { name: 'value', description: 'Id of a user.', caseExact: true },
          { name: '$ref', type: 'reference', description: 'Address of the user.' },
        ],
      },
    ],
  },
];

const list = (resources: readonly object[]): object => ({
  schemas: [LIST_SCHEMA],
  totalResults: resources.length,
  startIndex: 1,
  itemsPerPage: resources.length,
  Resources: resources,
});

/** `base` is the address of the workspace's SCIM endpoints. Undefined for what there is not. */
export function documentOf(base: string, name: string, id: string | undefined): object | undefined {
  const meta = (resourceType: string, path: string) => ({ resourceType, location: `${base}/${path}` });
  const chosen = (all: readonly (object & { readonly id: string })[]) =>
    id === undefined ? list(all) : all.find((one) => one.id === id);
  if (name === 'Schemas')
    return chosen(
      schemas.map(({ attributes, ...schema }) => ({
        schemas: [`${CORE}:Schema`],
        ...schema,
        attributes: attributes.map(attribute),
        meta: meta('Schema', `Schemas/${schema.id}`),
      })),
    );
  if (name === 'ResourceTypes')
    return chosen(
      schemas.map((schema) => ({
        schemas: [`${CORE}:ResourceType`],
        id: schema.name,
        name: schema.name,
        description: schema.description,
        endpoint: `/${schema.name}s`,
        schema: schema.id,
        meta: meta('ResourceType', `ResourceTypes/${schema.name}`),
      })),
    );
  if (name !== 'ServiceProviderConfig' || id !== undefined) return undefined;
  return {
    schemas: [`${CORE}:ServiceProviderConfig`],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: MOST_RESULTS },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: false },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'Of a service account with the role provisioner in the workspace.',
        specUri: 'https://www.rfc-editor.org/info/rfc6750',
      },
    ],
    meta: meta('ServiceProviderConfig', 'ServiceProviderConfig'),
  };
}
