// Wires the governance subgraph; nothing else.
import { fileURLToPath } from 'node:url';
import { newId, referencesTo, type SubgraphDefinition } from '@falaj/subgraph-kit';
import { auditedTypes } from './domain/audited-types.js';
import { closingWorkflow } from './domain/keys/close-backups.js';
import { erasureWorkflow } from './domain/keys/erase-subject.js';
import { rotationWorkflow } from './domain/keys/rotate-key.js';
import { rules } from './policy.js';
import { AccessRequestResolver } from './schema/access/access-request.js';
import { AuditLogResolver } from './schema/audit-log.js';
import { AuditRecordResolver } from './schema/audit-record.js';
import { audited } from './schema/audit-trail.js';
import { ComplianceResolver } from './schema/compliance/compliance.js';
import { WaiverResolver } from './schema/compliance/waiver.js';
import type { GovernanceServices } from './schema/context.js';
import { BudgetResolver } from './schema/costs/budget.js';
import { ComputePoolResolver, UsageRecordResolver } from './schema/costs/cost.js';
import { DataAccessResolver } from './schema/data-access.js';
import { GroupMemberResolver, GroupResolver } from './schema/group.js';
import { IncidentResolver } from './schema/incidents/incident.js';
import { ServiceLevelResolver } from './schema/incidents/service-level.js';
import { InventoryResolver } from './schema/inventory.js';
import { SubjectErasureResolver } from './schema/keys/erasure.js';
import { KeyRotationResolver } from './schema/keys/key-rotation.js';
import { PolicyDecisionResolver } from './schema/policy-decision.js';
import { PolicyRuleResolver } from './schema/policy-rule.js';
import { PrincipalResolver } from './schema/principal.js';
import { ProvisioningTokenResolver } from './schema/provisioning-token.js';
import { TransferInstrumentResolver } from './schema/residency/instrument.js';
import { ResidencyResolver } from './schema/residency/residency.js';
import { RetentionResolver } from './schema/retention.js';
import { ServiceAccountResolver } from './schema/service-account.js';
import { SessionResolver } from './schema/session.js';
import { UnusedGrantResolver } from './schema/unused-grants.js';
import { RoleBindingResolver, WorkspaceResolver } from './schema/workspace.js';
import { accessRequests } from './store/access/tables.js';
import { complianceReports, complianceWaivers } from './store/compliance/tables.js';
import { budgetOverrides, budgets, computePools, usageRecords } from './store/costs/tables.js';
import {
  auditRecords,
  dataAccesses,
  groupMembers,
  groupRoles,
  groups,
  policyRules,
  principals,
  provisioningTokens,
  roleBindings,
  serviceKeys,
  workloadIdentities,
  workspaces,
} from './store/governed.js';
import { incidentEvents, incidents } from './store/incidents/governed.js';
import { startServiceLevelSweep } from './store/incidents/service-level-sweep.js';
import { erasurePorts } from './store/keys/erasure-ports.js';
import { rotationPorts } from './store/keys/rotation-ports.js';
import { closingPorts } from './store/keys/start-rotation.js';
import { keyRotations, subjectErasures } from './store/keys/tables.js';
import { transferInstruments } from './store/residency/tables.js';

const stubs = Object.fromEntries(
  auditedTypes.map((name) => [name, async (ids: readonly string[]) => ids.map((id) => ({ id }))]),
);

/** `services` are not touched before the first request, so a description needs none. */
export function governanceSubgraph(services: GovernanceServices): SubgraphDefinition<GovernanceServices> {
  return {
    name: 'governance',
    resolvers: [
      WorkspaceResolver,
      RoleBindingResolver,
      PrincipalResolver,
      GroupResolver,
      GroupMemberResolver,
      SessionResolver,
      ServiceAccountResolver,
      ProvisioningTokenResolver,
      AuditRecordResolver,
      AuditLogResolver,
      DataAccessResolver,
      PolicyRuleResolver,
      AccessRequestResolver,
      UnusedGrantResolver,
      PolicyDecisionResolver,
      ResidencyResolver,
      InventoryResolver,
      IncidentResolver,
      ServiceLevelResolver,
      ComputePoolResolver,
      UsageRecordResolver,
      BudgetResolver,
      ComplianceResolver,
      WaiverResolver,
      TransferInstrumentResolver,
      KeyRotationResolver,
      SubjectErasureResolver,
      RetentionResolver,
      ...audited.map(({ resolver }) => resolver),
    ],
    orphanedTypes: audited.map(({ stub }) => stub),
    tables: [
      workspaces,
      principals,
      roleBindings,
      groups,
      groupMembers,
      groupRoles,
      serviceKeys,
      provisioningTokens,
      workloadIdentities,
      auditRecords,
      dataAccesses,
      policyRules,
      accessRequests,
      incidents,
      incidentEvents,
      computePools,
      usageRecords,
      budgets,
      budgetOverrides,
      complianceReports,
      complianceWaivers,
      keyRotations,
      transferInstruments,
      subjectErasures,
    ],
    references: {
      ...referencesTo([
        workspaces,
        principals,
        groups,
        serviceKeys,
        provisioningTokens,
        workloadIdentities,
        auditRecords,
        accessRequests,
        incidents,
        incidentEvents,
        computePools,
        usageRecords,
        budgets,
        budgetOverrides,
        complianceReports,
        complianceWaivers,
        keyRotations,
        transferInstruments,
        subjectErasures,
      ]),
      ...stubs,
    },
    filterFields: {
      'GroupFilter.principalId': 'Group.members',
      'AccessRequestFilter.reviewed': 'AccessRequest.reviewedAt',
      'IncidentFilter.linkedTo': 'Incident.links',
      'IncidentFilter.breached': 'Incident.resolutionBreachedAt',
    },
    rules,
    migrations: { name: 'governance', folder: fileURLToPath(new URL('../migrations', import.meta.url)) },
    createServices: async (platform) => {
      platform.workflows?.define(rotationWorkflow(rotationPorts(platform)));
      platform.workflows?.define(erasureWorkflow(erasurePorts(platform)));
      platform.workflows?.define(closingWorkflow(closingPorts(platform, () => newId('rot'))));
      return { services, stop: startServiceLevelSweep(platform.database, platform.log).stop };
    },
  };
}
