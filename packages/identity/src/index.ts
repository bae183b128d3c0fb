export { type BackChannelLogout, createBackChannelLogout, type LogoutIssuer } from './back-channel-logout.js';
export { type Bootstrapped, bootstrap, redeemBootstrapCode } from './bootstrap.js';
export { createDirectory, type Directory, type Membership } from './directory.js';
export { firstSignIn } from './first-sign-in.js';
export { loadInternalKey, loadSigningKey } from './internal-key.js';
export { createInternalTokens, type InternalTokenPurpose, type InternalTokens } from './internal-token.js';
export { type AccessToken, createLocalIssuer, type LocalIssuer, PLATFORM_AUDIENCE } from './local-issuer.js';
export { identityMigrations } from './migrations.js';
export { operatorToken } from './operator-token.js';
export { type NewPrincipal, type PrincipalPage, type PrincipalRecord, principalsOfPersons } from './principals.js';
export { isProvisioningToken, provisionerOf } from './provisioning-tokens.js';
export { startIdentityPruning } from './prune.js';
export { revokeOwnToken } from './revocations.js';
export {
  ADMINISTRATOR,
  type NewRoleBinding,
  PLATFORM_ADMINISTRATOR,
  PLATFORM_WORKSPACE,
  type RoleChange,
} from './role-bindings.js';
export { createScim, type ProvisioningConfig, type Scim, type ScimRequest } from './scim/scim.js';
export { errorAnswer as scimErrorAnswer, type ScimAnswer } from './scim/scim-error.js';
export {
  groupMemberTable,
  groupRoleTable,
  principalTable,
  provisioningTokenTable,
  roleBindingTable,
  roleInForceView,
  serviceKeyTable,
  userGroupTable,
  workloadIdentityTable,
  workspaceTable,
} from './tables.js';
export { createTokenEndpoint, type TokenEndpoint, type TokenResponse } from './token-endpoint.js';
export {
  createTokenVerifier,
  type TokenAlgorithm,
  type TokenVerifier,
  type TrustedIssuer,
  type VerifiedClaims,
} from './token-verifier.js';
export { issuerDocuments, LOGOUT_PATH, type PublicDocument, REVOCATION_PATH, TOKEN_PATH } from './well-known.js';
export { createWorkloadTokens, isWorkloadToken, type WorkloadGrant, type WorkloadTokens } from './workload-tokens.js';
export type { NewWorkspace, Workspace } from './workspaces.js';
