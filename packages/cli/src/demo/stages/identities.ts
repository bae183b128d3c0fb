import {
  CreateExperimentDocument,
  CreatePrincipalDocument,
  CreateWorkspaceDocument,
  GrantRoleDocument,
  IssueAccessTokenDocument,
} from '@falaj/client';
import { type Actor, need, type Stage } from '../journey.js';

/** A workspace in zone AE, three principals with one role each, and an outsider without any; then one refusal. */
export const identities: Stage = {
  title: 'workspace and identities',
  async run(journey) {
    const { createWorkspace } = await journey.operator.data(CreateWorkspaceDocument, {
      input: { name: `flights-${journey.label}`, allowedZones: ['AE', 'AE-DIFC'], defaultZone: 'AE' },
    });
    const workspaceId = need(createWorkspace, 'workspace').id;
    journey.ids.workspaceId = workspaceId;
    const administrator = journey.connect({ token: journey.operatorToken, workspace: workspaceId });
    const hire = async (name: string, role: string | null): Promise<Actor> => {
      const { createPrincipal } = await administrator.data(CreatePrincipalDocument, {
        input: { name, kind: 'USER', email: `${name.replaceAll(' ', '.')}@${journey.label}.example`, zone: 'AE' },
      });
      const principalId = need(createPrincipal, 'principal').id;
      if (role) await administrator.data(GrantRoleDocument, { input: { principalId, role } });
      const { issueAccessToken } = await administrator.data(IssueAccessTokenDocument, {
        input: { principalId, ttlSeconds: 900 },
      });
      const token = need(issueAccessToken, 'token');
      return { name, principalId, token, client: journey.connect({ token, workspace: workspaceId }) };
    };
    Object.assign(journey.actors, {
      engineer: await hire('amal feature engineer', 'feature-engineer'),
      scientist: await hire('badr data scientist', 'data-scientist'),
      approver: await hire('dana approver', 'approver'),
      outsider: await hire('omar outsider', null),
    });
    const refused = await need(journey.actors, 'engineer').client.request(CreateExperimentDocument, {
      input: { name: 'not mine to make' },
    });
    const code = refused.errors?.[0]?.extensions.code;
    if (code !== 'FORBIDDEN')
      throw new Error(`A feature engineer created an experiment: expected FORBIDDEN, found ${code ?? 'success'}.`);
    return `1 workspace in AE, 3 roles, 1 outsider; a feature engineer may not create an experiment: ${code}`;
  },
};
