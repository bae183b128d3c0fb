// What the rotation of a key does, with plugins, the graph and tables.
import { recordAudit } from '@falaj/audit';
import type { Tx } from '@falaj/database';
import { type Platform, renewSubjectRoot, rewrapSubjectRoots } from '@falaj/subgraph-kit';
import { eq } from 'drizzle-orm';
import type { Place, RotationPorts } from '../../domain/keys/rotate-key.js';
import { rewrapErasures } from './erasure-ports.js';
import { keyRotation } from './tables.js';

/** Objects of the store that one step looks at: read whole, so not many. */
const PAGE = 50;
const LIMIT_MS = 120_000;
const PROGRAM = { id: 'key-rotation', name: 'key rotation' } as const;

const REWRAP = /* GraphQL */ `
  mutation RewrapInferenceLogKeys($zone: String!, $keyId: String!) {
    rewrapInferenceLogKeys(zone: $zone, keyId: $keyId) { rewrapped }
  }
`;

interface Rewrapped {
  readonly rewrapInferenceLogKeys: { readonly rewrapped: number | null } | null;
}

export function rotationPorts(platform: Platform): RotationPorts<Tx> {
  const { plugins, vault, graph } = platform;
  const call = ({ workspaceId, zone }: Place, signal?: AbortSignal) =>
    plugins.call(PROGRAM, { workspaceId, zone, ...(signal ? { signal } : {}) });
  return {
    async rotate(place) {
      const keys = plugins.get('keys');
      const keyRef = `${place.workspaceId}/${place.zone}`;
      const { keyId: from } = await keys.describe({ keyRef }, call(place));
      const { keyId: to } = await keys.rotate({ keyRef }, call(place));
      return { from, to };
    },
    rewrapPage: (place, keyId, after, signal) =>
      vault.rewrapPage(place, { keyId, after, limit: PAGE }, call(place, signal)),
    async rewrapTables({ workspaceId, zone }, keyId) {
      const answer = await graph.query<Rewrapped>(
        REWRAP,
        { zone, keyId },
        {
          principal: { ...PROGRAM, kind: 'SERVICE', workspaceId, roles: ['service'], zone, zones: [zone] },
          requestId: keyId,
          traceparent: '',
          signal: AbortSignal.timeout(LIMIT_MS),
        },
      );
      const place = { workspaceId, zone };
      const own = await platform.database.asSystem(
        async (tx) =>
          (await rewrapSubjectRoots(tx, plugins, place, keyId)) + (await rewrapErasures(platform, tx, place, keyId)),
      );
      return (answer.rewrapInferenceLogKeys?.rewrapped ?? 0) + own;
    },
    async retire(place, keyId) {
      // Under a root of their own age, keys of persons in a backup end with the version that is retired.
      await renewSubjectRoot(platform.database, plugins, place);
      await plugins.get('keys').retire({ keyId }, call(place));
    },
    async note(tx, { rotationId }, facts) {
      await tx.update(keyRotation).set(facts).where(eq(keyRotation.id, rotationId));
    },
    async ended(tx, { input, workspaceId, state, error, principalId }) {
      const succeeded = state === 'SUCCEEDED';
      const [row] = await tx
        .update(keyRotation)
        .set({
          state: succeeded ? 'SUCCEEDED' : 'FAILED',
          endedAt: new Date(),
          error: succeeded ? null : (error?.message ?? state),
        })
        .where(eq(keyRotation.id, input.rotationId))
        .returning();
      await recordAudit(tx, {
        workspaceId,
        actorId: principalId,
        actorKind: 'USER',
        action: 'completeKeyRotation',
        subjectType: 'KeyRotation',
        subjectId: input.rotationId,
        outcome: succeeded ? 'SUCCEEDED' : 'FAILED',
        reason: error?.code ?? null,
        requestId: input.rotationId,
        traceId: null,
        policyVersion: await platform.policyVersion(workspaceId),
        details: {
          zone: input.zone,
          fromKeyId: row?.fromKeyId ?? null,
          toKeyId: row?.toKeyId ?? null,
          artifacts: row?.artifacts ?? 0,
          rewrapped: row?.rewrapped ?? 0,
          retired: row?.retiredAt != null,
        },
      });
    },
  };
}
