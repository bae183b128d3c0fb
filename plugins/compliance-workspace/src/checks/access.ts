import { z } from 'zod';
import { type Check, daysBetween, defineCheck, everyOne, oneFact } from '../check.js';
import { parts } from '../snapshot.js';

const REVIEW_DAYS = 365;
const DORMANT_DAYS = 90;
const TOKEN_SECONDS = 900;
const BREAK_GLASS_SECONDS = 3_600;
const BREAK_GLASS_REVIEW_DAYS = 5;

export const accessChecks: readonly Check[] = [
  defineCheck(
    { id: 'ACC-001', title: 'Every field of the graph has a class', severity: 'CRITICAL', gate: 'BLOCK_DEPLOYMENT' },
    z.object({ coverage: parts.coverage }),
    ({ coverage }) =>
      everyOne(
        'subgraphs',
        coverage,
        ({ subgraph, fields }) => `${subgraph} (${fields} fields)`,
        ({ holes }) => (holes.length === 0 ? null : `no class on ${holes.join(', ')}`),
        'Give each field a class.',
      ),
  ),
  defineCheck(
    {
      id: 'ACC-002',
      title: 'Every field that may be masked is nullable',
      severity: 'HIGH',
      gate: 'WARN',
    },
    z.object({ coverage: parts.coverage }),
    ({ coverage }) =>
      everyOne(
        'subgraphs',
        coverage,
        ({ subgraph }) => subgraph,
        ({ nonNull }) => (nonNull.length === 0 ? null : `non-null: ${nonNull.join(', ')}`),
        'Make the fields nullable: a masked one would void its parents.',
      ),
  ),
  defineCheck(
    {
      id: 'ACC-003',
      title: 'Whoever holds no role, or only that of a viewer, is shown no personal and no secret field',
      severity: 'CRITICAL',
      gate: 'BLOCK_DEPLOYMENT',
    },
    z.object({ canary: parts.canary }),
    ({ canary: { asked, exposed } }) =>
      asked === 0
        ? { status: 'NOT_APPLICABLE', reason: 'There are no fields of the classes pii and secret.' }
        : oneFact(
            exposed.length === 0,
            `${exposed.length} of ${asked} questions answered${exposed.length > 0 ? `: ${exposed.join(', ')}` : ''}`,
            '0',
            'Retire the rule that grants them; explainDecision names it.',
          ),
  ),
  defineCheck(
    {
      id: 'ACC-004',
      title: `Every role was granted or granted anew within ${REVIEW_DAYS} days`,
      severity: 'MEDIUM',
      gate: 'WARN',
    },
    z.object({ grants: parts.grants, at: parts.at }),
    ({ grants, at }) =>
      everyOne(
        'grants of roles',
        grants,
        ({ principalId, role }) => `${principalId} as ${role}`,
        ({ grantedAt }) => {
          const days = daysBetween(grantedAt, at);
          return days > REVIEW_DAYS ? `granted ${days} days ago` : null;
        },
        'Review each: revoke it, or revoke and grant it anew.',
      ),
  ),
  defineCheck(
    {
      id: 'ACC-005',
      title: 'Nobody approved what they asked for or made themselves',
      severity: 'HIGH',
      gate: 'BLOCK_PROMOTION',
    },
    z.object({ decisions: parts.decisions, promotions: parts.promotions }),
    ({ decisions, promotions }) =>
      everyOne(
        'approvals of waivers and promotions',
        [...decisions, ...promotions],
        ({ what }) => what,
        ({ requestedBy, approvedBy }) =>
          requestedBy === approvedBy ? 'asked for and approved by the same principal' : null,
        'Have a second principal decide again.',
      ),
  ),
  defineCheck(
    {
      id: 'ACC-006',
      title: `Every role that was taken in an emergency has a reason and an incident, lasted an hour at most and was reviewed within ${BREAK_GLASS_REVIEW_DAYS} days`,
      severity: 'HIGH',
      gate: 'WARN',
    },
    z.object({ emergencies: parts.emergencies, at: parts.at }),
    ({ emergencies, at }) =>
      everyOne(
        'roles taken in emergencies',
        emergencies,
        ({ id, principalId, role }) => `${id}: ${principalId} as ${role}`,
        ({ reason, incidentId, seconds, endsAt, reviewedAt }) => {
          if (reason === '' || !incidentId) return 'no reason or no incident';
          if (seconds > BREAK_GLASS_SECONDS) return `lasted ${seconds} s`;
          const days = daysBetween(endsAt, reviewedAt ?? at);
          if (days <= BREAK_GLASS_REVIEW_DAYS) return null;
          return reviewedAt ? `reviewed after ${days} days` : `not reviewed for ${days} days`;
        },
        'Look at accessRequest { activity } and write down what you found with reviewBreakGlass.',
      ),
  ),
  defineCheck(
    {
      id: 'ACC-007',
      title: `Nobody who holds a role was idle for ${DORMANT_DAYS} days`,
      severity: 'MEDIUM',
      gate: 'WARN',
    },
    z.object({ principals: parts.principals, at: parts.at }),
    ({ principals, at }) =>
      everyOne(
        'members',
        principals.filter(({ roles, disabled }) => roles.length > 0 && !disabled),
        ({ id }) => id,
        ({ lastActiveAt, createdAt }) => {
          const days = daysBetween(lastActiveAt ?? createdAt, at);
          return days > DORMANT_DAYS ? `idle for ${days} days` : null;
        },
        'Disable them, or revoke their roles.',
      ),
  ),
  defineCheck(
    {
      id: 'ACC-008',
      title: `No access token of the platform lived longer than ${TOKEN_SECONDS / 60} minutes`,
      severity: 'HIGH',
      gate: 'WARN',
    },
    z.object({ tokens: parts.tokens }),
    ({ tokens: { issued, longestSeconds } }) =>
      issued === 0
        ? { status: 'NOT_APPLICABLE', reason: 'No token was issued in the last 90 days.' }
        : oneFact(
            longestSeconds <= TOKEN_SECONDS,
            `${longestSeconds} s, the longest of ${issued}`,
            `${TOKEN_SECONDS} s`,
            'Disable the principals that hold the longer ones.',
          ),
  ),
  defineCheck(
    {
      id: 'ACC-009',
      title: 'Row-level security is forced on every table of a workspace, and no role passes it by',
      severity: 'CRITICAL',
      gate: 'BLOCK_DEPLOYMENT',
    },
    z.object({ rowSecurity: parts.rowSecurity }),
    ({ rowSecurity: { tables, problem } }) =>
      oneFact(
        problem === null && tables > 0,
        problem ?? `${tables} protected tables`,
        'all protected',
        'Call falaj.protect for the table, or take the power from the role.',
      ),
  ),
  defineCheck(
    {
      id: 'ACC-010',
      title: 'Every rule of the workspace is valid, and none allows everything to anyone',
      severity: 'HIGH',
      gate: 'BLOCK_PROMOTION',
    },
    z.object({ rules: parts.rules }),
    ({ rules: { count, invalid, sweeping } }) =>
      oneFact(
        invalid.length === 0 && sweeping.length === 0,
        `${count} rules, invalid: ${invalid.join(', ') || 'none'}, sweeping: ${sweeping.join(', ') || 'none'}`,
        'none invalid, none sweeping',
        'Retire them with retirePolicyRule.',
      ),
  ),
];
