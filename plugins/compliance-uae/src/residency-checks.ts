import type { CheckInfo } from '@falaj/contracts';
import { z } from 'zod';
import { type Check, defineCheck, listOf, missing, type Verdict } from './check.js';
import { endsSoon, isValid, RENEWAL_DAYS } from './instruments.js';
import * as refer from './references.js';
import { brokenRules, covers, permits, type ResidencyRule, type Transfer } from './residency-rules.js';
import { type DataCategory, deploymentSnapshot, type Instrument } from './snapshot.js';

const { model } = deploymentSnapshot.shape;
const common = { version: 1, subject: 'deployment', gate: 'BLOCK_DEPLOYMENT' } as const;
const permissions = deploymentSnapshot.pick({ at: true, instruments: true });
type Permissions = z.output<typeof permissions>;

/** Refuses a transfer that breaks a rule which no valid instrument lifts; undefined when it may be done. */
function refusal(
  what: string,
  transfer: Transfer,
  rules: readonly ResidencyRule[],
  { at, instruments }: Permissions,
): Verdict | undefined {
  if (brokenRules(rules, transfer, []).length === 0) return undefined;
  if (instruments.length > 0 && at === undefined) return missing('at');
  const broken = brokenRules(rules, transfer, inForce(instruments, at));
  if (broken.length === 0) return undefined;
  const laws = listOf(broken.map(({ regime, category, source }) => `${regime} on ${category} data (${source})`));
  return {
    status: 'FAIL',
    reason: `${what} in ${transfer.from} may not be processed in ${transfer.to}: ${laws}. Allowed: ${listOf(broken.flatMap((rule) => rule.allowedZones))}, or a valid instrument: ${listOf(broken.flatMap((rule) => rule.instruments))}.`,
    evidence: { from: transfer.from, to: transfer.to, categories: listOf(transfer.categories) },
  };
}

const inForce = (instruments: readonly Instrument[], at: string | undefined): readonly Instrument[] =>
  at === undefined ? [] : instruments.filter((instrument) => isValid(instrument, at));

const sources: Check = defineCheck(
  {
    ...common,
    id: 'RES-001',
    title: "Sources lie in the workspace's zones and may be processed in the target zone",
    references: [
      refer.pdpl('Art. 22'),
      refer.pdpl('Art. 23'),
      refer.outsourcing('Art. 6.1'),
      refer.iso27001('A.5.34'),
      refer.nistCsf('PR.DS'),
    ],
  },
  permissions.extend(deploymentSnapshot.pick({ targetZone: true, workspaceZones: true, sources: true }).shape),
  (input, rules) => {
    const { targetZone, workspaceZones } = input;
    const evidence = { targetZone, sources: listOf(input.sources.map(({ name, zone }) => `${name}@${zone}`)) };
    const outside = input.sources.filter(({ zone }) => !workspaceZones.includes(zone));
    if (outside.length > 0)
      return {
        status: 'FAIL',
        reason: `Sources lie outside the workspace's zones (${listOf(workspaceZones)}): ${listOf(outside.map(({ name, zone }) => `${name} in ${zone}`))}.`,
        evidence,
      };
    for (const { name, zone, categories } of input.sources) {
      const refused = refusal(`Source ${name}`, { from: zone, to: targetZone, categories }, rules, input);
      if (refused) return refused;
    }
    return {
      status: 'PASS',
      reason: `Each of ${input.sources.length} sources may be processed in ${targetZone}.`,
      evidence,
    };
  },
);

/** Every place in which data of the category lies must be one of `zones`, wherever it came from. */
function copiesStayIn(
  category: DataCategory,
  zones: readonly string[],
  exceptions: readonly string[],
  info: Pick<CheckInfo, 'id' | 'title' | 'references'>,
): Check {
  return defineCheck(
    { ...common, ...info },
    permissions.extend({
      sources: deploymentSnapshot.shape.sources,
      model: model.pick({ categories: true, dataZones: true }),
    }),
    (input) => {
      const copies = [
        ...input.sources
          .filter(({ categories }) => categories.includes(category))
          .map(({ name, zone }) => ({ name, zone })),
        ...(input.model.categories.includes(category)
          ? input.model.dataZones.map((zone) => ({ name: 'training data', zone }))
          : []),
      ];
      if (copies.length === 0) return { status: 'NOT_APPLICABLE', reason: `The model uses no ${category} data.` };
      const evidence = { copies: listOf(copies.map(({ name, zone }) => `${name}@${zone}`)) };
      const abroad = copies.filter(({ zone }) => !covers(zones, zone));
      if (abroad.length === 0)
        return { status: 'PASS', reason: `All ${category} data lies in ${listOf(zones)}.`, evidence };
      const { at, instruments } = input;
      if (instruments.length > 0 && at === undefined) return missing('at');
      const permit = inForce(instruments, at).find(({ type }) => permits(exceptions, type));
      if (permit)
        return {
          status: 'PASS',
          reason: `${permit.type} permits the copies outside ${listOf(zones)}.`,
          evidence: { ...evidence, instrument: permit.type },
        };
      return {
        status: 'FAIL',
        reason: `Copies of ${category} data lie outside ${listOf(zones)}: ${listOf(abroad.map(({ name, zone }) => `${name} in ${zone}`))}. Move them or record a valid instrument: ${listOf(exceptions)}.`,
        evidence,
      };
    },
  );
}

const training: Check = defineCheck(
  {
    ...common,
    id: 'RES-004',
    title: "Training data was stored and processed only in the model's allowed zones",
    references: [refer.pdpl('Art. 22'), refer.iso42001('A.7.3')],
  },
  z.object({ model: model.pick({ allowedZones: true, dataZones: true }) }),
  ({ model: { allowedZones, dataZones } }) => {
    const evidence = { dataZones: listOf(dataZones), allowedZones: listOf(allowedZones) };
    const outside = dataZones.filter((zone) => !allowedZones.includes(zone));
    return outside.length === 0
      ? { status: 'PASS', reason: `Training data stayed in ${listOf(dataZones)}.`, evidence }
      : {
          status: 'FAIL',
          reason: `Training data was in ${listOf(outside)}, outside the allowed zones ${listOf(allowedZones)}: train again in an allowed zone.`,
          evidence,
        };
  },
);

const serving: Check = defineCheck(
  {
    ...common,
    id: 'RES-005',
    title: 'The serving zone is among those that the model inherits from its training data',
    references: [refer.pdpl('Art. 22'), refer.difc('Art. 27'), refer.iso27001('A.5.34')],
  },
  permissions.extend({
    ...deploymentSnapshot.pick({ targetZone: true, workspaceZones: true }).shape,
    model: model.pick({ allowedZones: true, categories: true, dataZones: true }),
  }),
  (input, rules) => {
    const { targetZone, workspaceZones } = input;
    const { allowedZones, categories, dataZones } = input.model;
    const permits = inForce(input.instruments, input.at).filter(
      (permit) => permit.targetZones && covers(permit.targetZones, targetZone),
    );
    const evidence = {
      targetZone,
      allowedZones: listOf(allowedZones),
      workspaceZones: listOf(workspaceZones),
      ...(permits.length > 0
        ? { instruments: listOf(permits.map(({ type, validTo }) => `${type} to ${validTo}`)) }
        : {}),
    };
    for (const [whose, zones] of [
      // What an instrument opens beyond the inherited zones is judged by each source's own law: here and in RES-001.
      ["the model's", permits.length > 0 ? [...allowedZones, targetZone] : allowedZones],
      ["the workspace's", workspaceZones],
    ] as const)
      if (!zones.includes(targetZone))
        return {
          status: 'FAIL',
          reason: `${targetZone} is not among ${whose} zones ${listOf(zones)}: serve in one of those.`,
          evidence,
        };
    for (const from of dataZones) {
      const refused = refusal('A model of data', { from, to: targetZone, categories }, rules, input);
      if (refused) return refused;
    }
    return {
      status: 'PASS',
      reason: `${targetZone} is allowed by the model, the workspace and its data's rules.`,
      evidence,
    };
  },
);

const validity: Check = defineCheck(
  {
    ...common,
    id: 'RES-007',
    title: 'Recorded transfer instruments are valid',
    references: [refer.pdpl('Art. 13(2)'), refer.pdpl('Art. 23')],
  },
  permissions,
  ({ at, instruments }) => {
    if (instruments.length === 0) return { status: 'NOT_APPLICABLE', reason: 'No transfer instrument is recorded.' };
    if (at === undefined) return missing('at');
    const evidence = { at, instruments: listOf(instruments.map(({ type, validTo }) => `${type} to ${validTo}`)) };
    const expired = instruments.filter((instrument) => !isValid(instrument, at));
    if (expired.length > 0)
      return {
        status: 'FAIL',
        reason: `Expired: ${listOf(expired.map(({ type, validTo }) => `${type} (${validTo})`))}. Renew or remove it.`,
        evidence,
      };
    const soon = instruments.filter((instrument) => endsSoon(instrument, at));
    return {
      status: 'PASS',
      reason:
        soon.length > 0
          ? `All are valid; renew within ${RENEWAL_DAYS} days: ${listOf(soon.map(({ type }) => type))}.`
          : 'All are valid.',
      evidence,
    };
  },
);

export const residencyChecks: readonly Check[] = [
  sources,
  copiesStayIn('health', ['AE*'], ['MOH_EXCEPTION*'], {
    id: 'RES-002',
    title: 'Health data stays in the State, its free zones included',
    references: [refer.health('Art. 13'), refer.iso27001('A.5.34')],
  }),
  copiesStayIn('banking', ['AE'], ['REGULATOR_APPROVAL'], {
    id: 'RES-003',
    title: 'Banking data stays in the State, DIFC and ADGM excluded',
    references: [refer.outsourcing('Art. 6.1'), refer.outsourcing('Art. 6.3'), refer.iso27001('A.5.34')],
  }),
  training,
  serving,
  validity,
];
