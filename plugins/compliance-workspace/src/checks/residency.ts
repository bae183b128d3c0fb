import { z } from 'zod';
import { type Check, defineCheck, everyOne } from '../check.js';
import { parts } from '../snapshot.js';

const regulated = ['health', 'banking', 'payment', 'government'];
const emirates = (zone: string): boolean => zone === 'AE' || zone.startsWith('AE-');

export const residencyChecks: readonly Check[] = [
  defineCheck(
    {
      id: 'RES-001',
      title:
        'Every data source lies in a zone of the workspace, and no rule forbids where its data and training sets are kept',
      severity: 'CRITICAL',
      gate: 'BLOCK_DEPLOYMENT',
      perObject: true,
    },
    z.object({ sources: parts.sources, workspaceZones: parts.workspaceZones, placements: parts.placements }),
    ({ sources, workspaceZones, placements }) =>
      everyOne(
        'data sources',
        sources,
        ({ name }) => name,
        ({ name, zone }) => {
          if (!workspaceZones.includes(zone)) return `lies in ${zone}, outside ${workspaceZones.join(', ')}`;
          const broken = placements.find(
            ({ what, allowed }) => !allowed && (what === `source ${name}` || what.endsWith(` of source ${name}`)),
          );
          return broken ? `${broken.what} in ${broken.to}: ${broken.ruleId}, ${broken.reason}` : null;
        },
        'Move it into a zone that its data may lie in, or record an instrument.',
      ),
  ),
  defineCheck(
    {
      id: 'RES-002',
      title: 'Health data lies in the State, free zones included',
      severity: 'CRITICAL',
      gate: 'BLOCK_DEPLOYMENT',
      perObject: true,
    },
    z.object({ sources: parts.sources, modelVersions: parts.modelVersions }),
    ({ sources, modelVersions }) =>
      everyOne(
        'copies of health data',
        [...sources, ...modelVersions].filter(({ categories }) => categories.includes('health')),
        ({ name }) => name,
        ({ zone }) => (emirates(zone) ? null : `lies in ${zone}`),
        'Bring it back, or record the exception of the Ministry as a waiver.',
      ),
  ),
  defineCheck(
    {
      id: 'RES-003',
      title: 'Banking and payment data lies in AE, not in a free zone',
      severity: 'CRITICAL',
      gate: 'BLOCK_DEPLOYMENT',
      perObject: true,
    },
    z.object({ sources: parts.sources, modelVersions: parts.modelVersions }),
    ({ sources, modelVersions }) =>
      everyOne(
        'copies of banking or payment data',
        [...sources, ...modelVersions].filter(
          ({ categories }) => categories.includes('banking') || categories.includes('payment'),
        ),
        ({ name }) => name,
        ({ zone }) => (zone === 'AE' ? null : `lies in ${zone}`),
        'Keep the primary copy in AE, or obtain the approval of the regulator.',
      ),
  ),
  defineCheck(
    {
      id: 'RES-004',
      title: 'Every run was executed in a zone that its data allows',
      severity: 'HIGH',
      gate: 'BLOCK_PROMOTION',
      perObject: true,
    },
    z.object({ runs: parts.runs }),
    ({ runs }) =>
      everyOne(
        'runs',
        runs,
        ({ name }) => name,
        ({ zone, allowedZones, transferInstruments }) =>
          allowedZones.includes(zone) || transferInstruments.length > 0
            ? null
            : `ran in ${zone}, allowed ${allowedZones.join(', ') || 'nowhere'}`,
        'Withdraw what they produced and train again in an allowed zone.',
      ),
  ),
  defineCheck(
    {
      id: 'RES-005',
      title: 'Every endpoint serves in a zone that the lineage of its model allows',
      severity: 'CRITICAL',
      gate: 'BLOCK_DEPLOYMENT',
      perObject: true,
    },
    z.object({ endpoints: parts.endpoints, placements: parts.placements }),
    ({ endpoints, placements }) =>
      everyOne(
        'endpoints',
        endpoints,
        ({ name }) => name,
        ({ name, zone, allowedZones }) => {
          const placed = placements.find(({ what }) => what === `endpoint ${name}`);
          if (placed && !placed.allowed) return `serves in ${zone}: ${placed.ruleId}, ${placed.reason}`;
          if (allowedZones.includes(zone) || (placed && placed.reliesOn.length > 0)) return null;
          return `serves in ${zone}, allowed ${allowedZones.join(', ') || 'nowhere'}`;
        },
        'Delete the endpoint and deploy in an allowed zone.',
      ),
  ),
  defineCheck(
    {
      id: 'RES-006',
      title: 'Logs and traces are kept where the data of the workspace may be, or elsewhere for a written reason',
      severity: 'HIGH',
      gate: 'WARN',
    },
    z.object({ sinks: parts.sinks, workspaceZones: parts.workspaceZones, placements: parts.placements }),
    ({ sinks, workspaceZones, placements }) =>
      everyOne(
        'sinks',
        sinks,
        ({ name, zone, reason }) => `${name} in ${zone ?? 'an unknown zone'}${reason === null ? '' : ` (${reason})`}`,
        ({ name, zone, reason }) => {
          if (reason !== null) return null;
          if (zone === null) return 'goes where nobody recorded the zone';
          if (!workspaceZones.includes(zone)) return `kept in ${zone}, outside ${workspaceZones.join(', ')}`;
          const broken = placements.find(({ what, allowed }) => !allowed && what.startsWith(`sink ${name} beside `));
          return broken ? `${broken.what}: ${broken.ruleId}, ${broken.reason}` : null;
        },
        'Keep them in a zone of the data (logs.zone, tracing.zone), or give the reason in zoneExceptions.',
      ),
  ),
  defineCheck(
    {
      id: 'RES-007',
      title: 'Transfer instruments that count have not ended',
      severity: 'HIGH',
      gate: 'OPEN_INCIDENT',
    },
    z.object({ at: parts.at, instruments: parts.instruments }),
    ({ at, instruments }) =>
      everyOne(
        'transfer instruments',
        instruments,
        ({ id, type }) => `${type} ${id}`,
        ({ validTo }) => (Date.parse(validTo) > Date.parse(at) ? null : `ended at ${validTo}`),
        'Record and approve the instrument that follows, or revoke this one and take away what rests on it.',
      ),
  ),
  defineCheck(
    {
      id: 'RES-008',
      title: 'Nobody works with regulated data from outside the zones of the workspace',
      severity: 'HIGH',
      gate: 'WARN',
    },
    z.object({ sources: parts.sources, principals: parts.principals, workspaceZones: parts.workspaceZones }),
    ({ sources, principals, workspaceZones }) =>
      sources.some(({ categories }) => categories.some((category) => regulated.includes(category)))
        ? everyOne(
            'members',
            principals.filter(({ roles, disabled }) => roles.length > 0 && !disabled),
            ({ id }) => id,
            ({ zone }) => (workspaceZones.includes(zone) ? null : `works from ${zone}`),
            'Revoke the roles, or record why remote access is lawful as a waiver.',
          )
        : { status: 'NOT_APPLICABLE', reason: 'No source holds health, banking, payment or government data.' },
  ),
  defineCheck(
    {
      id: 'RES-009',
      title: 'No plugin reaches hosts outside the zones of the workspace, or in a zone that nobody recorded',
      severity: 'HIGH',
      gate: 'WARN',
    },
    z.object({ plugins: parts.plugins, workspaceZones: parts.workspaceZones }),
    ({ plugins, workspaceZones }) =>
      everyOne(
        'plugins',
        plugins,
        ({ kind, name }) => `${kind}/${name}`,
        ({ egress, egressZones }) => {
          const abroad = egressZones?.filter((zone) => !workspaceZones.includes(zone)) ?? [];
          if (abroad.length > 0) return `sends into ${abroad.join(', ')}`;
          return egress.length === 0 || egressZones ? null : `declares egress to ${egress.join(', ')}, of unknown zone`;
        },
        'Record where its hosts are as egressZones of its entry, remove the plugin, or waive the check with the contract of the host as the reason.',
      ),
  ),
  defineCheck(
    {
      id: 'RES-010',
      title: 'Artifacts open in the zone of the catalogue and in no other',
      severity: 'HIGH',
      gate: 'BLOCK_DEPLOYMENT',
      perObject: true,
    },
    z.object({ artifacts: parts.artifacts }),
    ({ artifacts }) =>
      everyOne(
        'sampled artifacts',
        artifacts,
        ({ key }) => key,
        ({ zone, opened, elsewhereRefused }) =>
          !opened ? `does not open in ${zone}` : elsewhereRefused ? null : `opens outside ${zone} as well`,
        'Treat the artifact as moved: restore it from its own zone.',
      ),
  ),
];
