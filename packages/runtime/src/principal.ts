/** Who acts: resolved once at the edge, carried with every call, never looked up by a subgraph again. */
export interface Principal {
  /** Opaque id; `anonymous` for a request without credentials. */
  readonly id: string;
  readonly kind: 'USER' | 'SERVICE' | 'ANONYMOUS';
  readonly name: string;
  /** The workspace this request works in; empty when the principal belongs to none. */
  readonly workspaceId: string;
  /** Role names held in that workspace. */
  readonly roles: readonly string[];
  /** Where the principal works from. */
  readonly zone: string;
  /** Zones whose rows the principal may see in that workspace. */
  readonly zones: readonly string[];
}

export const anonymous: Principal = {
  id: 'anonymous',
  kind: 'ANONYMOUS',
  name: 'anonymous',
  workspaceId: '',
  roles: [],
  zone: '',
  zones: [],
};
