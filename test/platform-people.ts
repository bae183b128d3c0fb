// People of a workspace, hired by the operator: many in one request, for every attack wants some of each role.
import { createClient, type GraphResponse } from '@falaj/client';
import { parse } from 'graphql';

export interface Employer {
  readonly url: string;
  /** A token of the platform administrator. */
  readonly operator: string;
  /** Empty for what belongs to no workspace. */
  readonly workspace: string;
}

/** What the operator's mutations answer with. */
interface Made {
  readonly workspace?: { readonly id: string };
  readonly principal?: { readonly id: string };
  readonly token?: string;
}

const TOKEN_SECONDS = 900;

/** The answers to fields of one mutation, in their order; throws what was refused. */
export async function mutate(
  { url, operator, workspace }: Employer,
  fields: readonly string[],
): Promise<readonly Made[]> {
  if (fields.length === 0) return [];
  const client = createClient({ url, token: operator, ...(workspace ? { workspace } : {}) });
  const query = `mutation { ${fields.map((field, place) => `m${place}: ${field}`).join('\n')} }`;
  const answer: GraphResponse<Record<string, Made>> = await client.request(parse(query) as never, {});
  if (!answer.data || answer.errors) throw new Error(`${query}: ${JSON.stringify(answer.errors)}`);
  const { data } = answer;
  return fields.map((_, place) => data[`m${place}`] ?? {});
}

/** A token of each, in their order. */
export async function issueTokens(at: Employer, principalIds: readonly string[]): Promise<string[]> {
  const issued = await mutate(
    at,
    principalIds.map(
      (id) => `issueAccessToken(input: { principalId: "${id}", ttlSeconds: ${TOKEN_SECONDS} }) { token }`,
    ),
  );
  return issued.map(({ token }) => token ?? '');
}

/** Somebody for each role, in their order; an `outsider` is known to the platform and belongs to no workspace. */
export async function hireAll(
  at: Employer,
  roles: readonly string[],
  zone = 'AE',
): Promise<{ id: string; token: string }[]> {
  const made = await mutate(
    at,
    roles.map(
      (role) =>
        `createPrincipal(input: { name: "a ${role}", email: "${role}@example.test", kind: USER, zone: "${zone}" }) { principal { id } }`,
    ),
  );
  const people = roles.map((role, place) => ({ role, id: made[place]?.principal?.id ?? '' }));
  await mutate(
    at,
    people
      .filter(({ role }) => role !== 'outsider')
      .map(({ role, id }) => `grantRole(input: { principalId: "${id}", role: "${role}" }) { principal { id } }`),
  );
  const tokens = await issueTokens(
    at,
    people.map(({ id }) => id),
  );
  return people.map(({ id }, place) => ({ id, token: tokens[place] ?? '' }));
}

export async function hire(at: Employer, role: string, zone?: string): Promise<{ id: string; token: string }> {
  const [hired] = await hireAll(at, [role], zone);
  if (!hired) throw new Error(`Nobody was hired as ${role}.`);
  return hired;
}
