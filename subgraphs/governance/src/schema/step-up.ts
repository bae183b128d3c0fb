import { STEP_UP_REQUIRED } from '@falaj/policy';
import { PlatformError } from '@falaj/runtime';
import type { GovernanceContext } from './context.js';

/** Before a secret is made that its asker could not be shown. Throws STEP_UP_REQUIRED. */
export function requireStepUp({ ability, principal }: GovernanceContext, type: string, field: string): void {
  if (ability.readsField(type, field).reason !== STEP_UP_REQUIRED) return;
  throw new PlatformError(
    'STEP_UP_REQUIRED',
    'You proved who you are too long ago for a secret: sign in again and repeat this with the new token.',
    { details: { authenticatedAt: principal.authentication?.at ?? null } },
  );
}
