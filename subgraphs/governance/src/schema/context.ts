import type { KeyObject } from 'node:crypto';
import type { Directory } from '@falaj/identity';
import type { Noun, PolicyStore, Rule } from '@falaj/policy';
import type { GovernedTable, SubgraphContext } from '@falaj/subgraph-kit';

/** What this subgraph is given from outside, for it looks at the platform from above. */
export interface GovernanceServices {
  readonly directory: Directory;
  readonly policyStore: PolicyStore;
  /** The built-in rules of all subgraphs. */
  readonly rules: readonly Rule[];
  /** Name of the built-in issuer in its tokens. */
  readonly issuer: string;
  /** A token that acts as the principal. Never logged, never stored. */
  issueToken(principalId: string, ttlSeconds: number): Promise<IssuedToken>;
  /** Ed25519 key, public or private, that signs the audit log. */
  readonly auditKey: KeyObject;
  /** Whether old records have a folder to go to. */
  readonly archives?: boolean;
  /** How the platform was started; some checks ask more of production. */
  readonly profile: 'development' | 'production';
  /** Traffic of this process that may leave the machine in the clear, and what is written to excuse it. */
  readonly plaintext: readonly { readonly what: string; readonly reason: string | null }[];
  /** Where logs and traces are kept; zone null where nobody said it, and what is written to excuse it. */
  readonly sinks: readonly { readonly name: string; readonly zone: string | null; readonly reason: string | null }[];
  /** Schemas, nouns and tables of all subgraphs. */
  describe(): Promise<readonly SubgraphFacts[]>;
}

export interface SubgraphFacts {
  readonly name: string;
  readonly sdl: string;
  readonly nouns: readonly Noun[];
  // biome-ignore lint/suspicious/noExplicitAny: tables of different rows stand in one list.
  readonly tables: readonly GovernedTable<any>[];
}

export interface IssuedToken {
  readonly token: string;
  readonly tokenId: string;
  readonly expiresAt: Date;
}

export type GovernanceContext = SubgraphContext<GovernanceServices>;

/** A class of another file without the import cycle that decorator metadata would run into. */
export type Relation<T> = T;
