import { RateBuckets } from '@falaj/runtime';
import type { ResolvedConfig } from '../config.js';

/** How often one may ask for what lets others in, in this process. */
export interface EdgeRates {
  /** Of /auth, by address. */
  readonly addresses: RateBuckets;
  /** Of /auth, by who proved to be it: whoever only says so cannot use up what another may ask. */
  readonly clients: RateBuckets;
  /** Of SCIM, by address. */
  readonly provisioningAddresses: RateBuckets;
  /** Of SCIM, by service account. */
  readonly provisioners: RateBuckets;
}

export const edgeRates = ({ rates }: Pick<ResolvedConfig, 'rates'>): EdgeRates => ({
  addresses: new RateBuckets('signInsPerMinute', rates.signInsPerMinute),
  clients: new RateBuckets('clientSignInsPerMinute', rates.clientSignInsPerMinute),
  provisioningAddresses: new RateBuckets('provisioningPerMinute', rates.provisioningPerMinute),
  provisioners: new RateBuckets('provisioningPerMinute', rates.provisioningPerMinute),
});
