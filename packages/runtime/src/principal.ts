/** Who acts: resolved once at the edge, carried with every call, never looked up by a subgraph again. */
export interface Principal {
  /** Opaque id; `anonymous` for a request without credentials. */
  readonly id: string;
  /** A `WORKLOAD` is one piece of work, such as a training run: it may do what its role says with its `resources`, no more. */
  readonly kind: 'USER' | 'SERVICE' | 'WORKLOAD' | 'ANONYMOUS';
  readonly name: string;
  /** The workspace this request works in; empty when the principal belongs to none. */
  readonly workspaceId: string;
  /** Role names held in that workspace. */
  readonly roles: readonly string[];
  /** Ids of the groups of that workspace to which the principal belongs; absent where there are none. Rules name one as `group:<id>`. */
  readonly groups?: readonly string[];
  /** Where the principal works from. */
  readonly zone: string;
  /** Zones whose rows the principal may see in that workspace. */
  readonly zones: readonly string[];
  /** Ids of what a workload works with; absent for everyone else. Rules speak of them as `principal.resources`. */
  readonly resources?: readonly string[];
  /** Id of the principal who is answerable for a workload. */
  readonly onBehalfOf?: string;
  /** Absent where nobody proved an identity for this request, e.g. in a stage of a pipeline. */
  readonly authentication?: Authentication;
}

/** How and when a principal last proved who it is, as its token says. */
export interface Authentication {
  /** Seconds since the epoch (`auth_time` of OpenID Connect). */
  readonly at: number;
  /** `amr`, in the words of RFC 8176, e.g. `otp`. */
  readonly methods: readonly string[];
  /** `acr`, in the words of the issuer. */
  readonly context?: string;
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
