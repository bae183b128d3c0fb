import { CreateExperimentDocument, CreateWorkspaceDocument } from '@falaj/client';
import { hire } from '../hire.js';
import { need, type Stage } from '../journey.js';

/** A workspace in zone AE, three principals with one role each, and an outsider without any; then one refusal. */
export const identities: Stage = {
  title: 'workspace and identities',
  async run(journey) {
    const { createWorkspace } = await journey.operator.data(CreateWorkspaceDocument, {
      input: { name: `flights-${journey.label}`, allowedZones: ['AE', 'AE-DIFC'], defaultZone: 'AE' },
    });
    const workspaceId = need(createWorkspace, 'workspace').id;
    journey.ids.workspaceId = workspaceId;
    Object.assign(journey.actors, {
      engineer: await hire(journey, 'amal feature engineer', ['feature-engineer']),
      scientist: await hire(journey, 'badr data scientist', ['data-scientist']),
      approver: await hire(journey, 'dana approver', ['approver']),
      outsider: await hire(journey, 'omar outsider', []),
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
