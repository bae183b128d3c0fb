import { CreatePrincipalDocument, GrantRoleDocument, IssueAccessTokenDocument } from '@falaj/client';
import { type Actor, type Journey, need } from './journey.js';

/** Longer than the whole journey takes. */
const TOKEN_SECONDS = 900;

/** Makes a principal with roles in the journey's workspace, and a client that speaks for it. */
export async function hire(
  journey: Journey,
  name: string,
  roles: readonly string[],
  kind: 'USER' | 'SERVICE' = 'USER',
): Promise<Actor> {
  const workspace = need(journey.ids, 'workspaceId');
  const administrator = journey.connect({ token: journey.operatorToken, workspace });
  const email = kind === 'USER' ? { email: `${name.replaceAll(' ', '.')}@${journey.label}.example` } : {};
  const { createPrincipal } = await administrator.data(CreatePrincipalDocument, {
    input: { name, kind, ...email, zone: 'AE' },
  });
  const principalId = need(createPrincipal, 'principal').id;
  for (const role of roles) await administrator.data(GrantRoleDocument, { input: { principalId, role } });
  const { issueAccessToken } = await administrator.data(IssueAccessTokenDocument, {
    input: { principalId, ttlSeconds: TOKEN_SECONDS },
  });
  const token = need(issueAccessToken, 'token');
  return { name, principalId, token, client: journey.connect({ token, workspace }) };
}
