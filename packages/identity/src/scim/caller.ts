import type { Database, Tx } from '@falaj/database';
import type { Provisioner } from '../provisioned-users.js';

/** How persons of a workspace's directory sign in. */
export interface Provisioning {
  /** Of whom their tokens are. */
  readonly issuer: string;
  /** The attribute that is their subject there. It cannot change: it would be somebody else then. */
  readonly subject: 'externalId' | 'userName';
  /** From where they work. */
  readonly zone: string;
}

/** Who changes what, where: everything that a resource type needs of a request. */
export interface ScimCaller {
  readonly database: Database;
  readonly provisioner: Provisioner;
  readonly provisioning: Provisioning;
  /** A transaction in the workspace, as the service. */
  inWorkspace<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Into the trail, in the change's own transaction. No names and addresses in `details`: only which attributes. */
  record(
    tx: Tx,
    action: string,
    subject: { readonly type: 'Principal' | 'Group'; readonly id: string },
    details: Readonly<Record<string, unknown>>,
  ): Promise<void>;
  /** Address of a resource. */
  location(resource: 'Users' | 'Groups', id: string): string;
}
