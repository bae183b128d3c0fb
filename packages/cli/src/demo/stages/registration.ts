import { CreateModelDocument, CreateModelVersionDocument, SetModelAliasDocument } from '@falaj/client';
import { need, type Stage } from '../journey.js';

/** The scientist registers, the approver sets the alias. */
export const registration: Stage = {
  title: 'registration',
  async run(journey) {
    const scientist = need(journey.actors, 'scientist').client;
    const approver = need(journey.actors, 'approver').client;
    await scientist.data(CreateModelDocument, {
      input: { name: 'flight-delay', description: 'Chance that a flight leaves more than 15 minutes late.' },
    });
    const { createModelVersion } = await scientist.data(CreateModelVersionDocument, {
      input: { modelName: 'flight-delay', runId: need(journey.ids, 'runId') },
    });
    const version = need(createModelVersion, 'modelVersion');
    journey.ids.modelVersionId = version.id;
    journey.ids.modelVersion = version.version ?? 0;
    const refused = await scientist.request(SetModelAliasDocument, {
      input: { modelName: 'flight-delay', alias: 'champion', version: version.version ?? 0 },
    });
    const code = refused.errors?.[0]?.extensions.code;
    await approver.data(SetModelAliasDocument, {
      input: { modelName: 'flight-delay', alias: 'champion', version: version.version ?? 0 },
    });
    return `flight-delay v${version.version}, ${version.digest?.slice(0, 19)}…; champion set by the approver (by the scientist: ${code})`;
  },
};
