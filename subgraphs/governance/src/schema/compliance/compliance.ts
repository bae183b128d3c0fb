import { PlatformError } from '@falaj/runtime';
import { type Connection, newId, PageArguments, parseInput } from '@falaj/subgraph-kit';
import { and, eq, isNull, type SQL } from 'drizzle-orm';
import { Arg, Args, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { runInput, verdictInput } from '../../domain/compliance/compliance-input.js';
import {
  alarming,
  blocking,
  type CatalogueCheck,
  type Finding,
  frameworksOf,
  ofFramework,
  tally,
} from '../../domain/compliance/finding.js';
import { type ComplianceSubject, catalogue, evaluateCompliance } from '../../store/compliance/evaluate.js';
import { complianceReport, complianceReports } from '../../store/compliance/tables.js';
import { defaultZone } from '../../store/incidents/reads.js';
import { openIncident } from '../../store/incidents/writes.js';
import type { GovernanceContext } from '../context.js';
import {
  ComplianceCheck,
  type ComplianceFinding,
  CompliancePayload,
  ComplianceReport,
  ComplianceReportConnection,
  ComplianceReportFilter,
  ComplianceVerdict,
  ComplianceVerdictInput,
  FrameworkCoverage,
  RunComplianceInput,
} from './compliance-types.js';

@Resolver(() => ComplianceReport)
export class ComplianceResolver {
  @Query(() => [ComplianceCheck], { description: 'The catalogue: every check that judges a workspace.' })
  async complianceChecks(
    @Arg('framework', () => String, { nullable: true, description: 'Of this framework only.' }) framework:
      | string
      | undefined,
    @Ctx() context: GovernanceContext,
  ): Promise<ComplianceCheck[]> {
    return ofFramework(await catalogue(context), framework).map(shownCheck);
  }

  @Query(() => [FrameworkCoverage], {
    description: 'Per framework: the parts that checks speak to, and how the last run of all checks stood.',
  })
  async complianceCoverage(@Ctx() context: GovernanceContext): Promise<FrameworkCoverage[]> {
    const checks = await catalogue(context);
    const last = (
      await context.reads.page(complianceReports, {
        first: 1,
        where: and(isNull(complianceReport.framework), isNull(complianceReport.subjectId)) as SQL,
      })
    ).edges[0]?.node;
    return frameworksOf(checks).map((framework) => coverageOf(framework, checks, last ?? null));
  }

  @Query(() => ComplianceReport, { nullable: true, description: 'A report by id.' })
  complianceReport(@Arg('id', () => ID, { description: 'Its id.' }) id: string, @Ctx() context: GovernanceContext) {
    return context.reads.required(complianceReports, id);
  }

  @Query(() => ComplianceReportConnection, { description: 'Compliance reports, newest first.' })
  complianceReports(
    @Args(() => PageArguments) page: PageArguments,
    @Arg('filter', () => ComplianceReportFilter, { nullable: true, description: 'Restriction.' }) filter:
      | ComplianceReportFilter
      | undefined,
    @Ctx() context: GovernanceContext,
  ): Promise<Connection<unknown>> {
    const { framework, subjectId } = filter ?? {};
    return context.reads.page(complianceReports, {
      ...page,
      filters: [
        ...(framework ? [{ field: 'framework' as const, condition: eq(complianceReport.framework, framework) }] : []),
        ...(subjectId ? [{ field: 'subjectId' as const, condition: eq(complianceReport.subjectId, subjectId) }] : []),
      ],
    });
  }

  @Query(() => ComplianceVerdict, {
    description: 'Whether compliance lets an object pass a gate, judged now by the live state. Nothing is stored.',
  })
  async complianceVerdict(
    @Arg('input', () => ComplianceVerdictInput, { description: 'The question.' }) input: ComplianceVerdictInput,
    @Ctx() context: GovernanceContext,
  ): Promise<ComplianceVerdict> {
    const { gate, subject } = parseInput(verdictInput, input);
    context.ability.authorize('run', 'ComplianceReport');
    await assertVisible(context, subject);
    const { findings } = await evaluateCompliance(context, null, subject);
    const found = blocking(findings, gate);
    return { allowed: found.length === 0, blocking: found.map(shownFinding) };
  }

  @Mutation(() => CompliancePayload, {
    description:
      'Judges the workspace, or one object, by every check of a framework and stores the report. What cannot be judged is UNKNOWN.',
  })
  async runCompliance(
    @Arg('input', () => RunComplianceInput, { description: 'What to judge.' }) input: RunComplianceInput,
    @Ctx() context: GovernanceContext,
  ): Promise<CompliancePayload> {
    const { framework = null, subject = null } = parseInput(runInput, input);
    const id = newId('rep');
    const startedAt = new Date();
    const zone = await defaultZone(context);
    await context.mutate(
      {
        action: 'runCompliance',
        noun: 'ComplianceReport',
        verb: 'run',
        subjectId: id,
        details: { framework, subject },
        prepare: async () => {
          if (subject) await assertVisible(context, subject);
          return evaluateCompliance(context, framework, subject);
        },
      },
      async (tx, audit, { findings, snapshotDigest }) => {
        const counts = tally(findings);
        await tx.insert(complianceReport).values({
          id,
          ...context.ownership,
          framework,
          subjectType: subject?.type ?? null,
          subjectId: subject?.id ?? null,
          startedAt,
          snapshotDigest,
          findings,
          ...counts,
        });
        audit.subject(id, { ...counts, snapshotDigest });
        for (const finding of alarming(findings)) {
          await openIncident(tx, context.ownership, alarmOf(finding, id, zone), new Date());
        }
      },
    );
    return { report: await context.reads.byId(complianceReports, id) };
  }
}

/** Not for what the caller cannot see: the platform reads more than the caller may. */
async function assertVisible(context: GovernanceContext, { type, id }: ComplianceSubject): Promise<void> {
  const field = type === 'Endpoint' ? 'endpoint' : 'modelVersion';
  const found = await context.platform.graph.query<Record<string, { id: string } | null>>(
    `query($id: ID!) { ${field}(id: $id) { id } }`,
    { id },
    context.request,
  );
  if (!found[field]) throw new PlatformError('NOT_FOUND', `${type} not found.`, { details: { type } });
}

const alarmOf = ({ checkId, title, reason, severity }: Finding, reportId: string, zone: string) =>
  ({
    dedupKey: `compliance:${checkId}`,
    title: `${checkId} does not hold: ${title}`.slice(0, 300),
    description: reason,
    category: 'COMPLIANCE',
    impact: severity === 'CRITICAL' ? 'HIGH' : 'MEDIUM',
    urgency: severity === 'LOW' ? 'LOW' : 'MEDIUM',
    zone,
    links: [{ type: 'ComplianceReport', id: reportId }],
    evidence: { reason },
  }) as const;

const shownCheck = (check: CatalogueCheck): ComplianceCheck => ({
  ...check,
  references: check.references.map((each) => ({ ...each })),
});

const shownFinding = (finding: Finding): ComplianceFinding => ({
  ...finding,
  references: finding.references.map((each) => ({ ...each })),
  evidence: finding.evidence.map((each) => ({ ...each })),
});

function coverageOf(
  framework: string,
  checks: readonly CatalogueCheck[],
  last: { readonly id: string | null; readonly findings: readonly Finding[] | null } | null,
): FrameworkCoverage {
  const own = ofFramework(checks, framework);
  const references = own.flatMap((check) =>
    check.references.flatMap((each) => (each.framework === framework ? [each.reference] : [])),
  );
  const found = last?.findings ? tally(ofFramework(last.findings, framework)) : null;
  return {
    framework,
    references: [...new Set(references)].sort(),
    checks: own.length,
    reportId: last?.id ?? null,
    passed: found?.passed ?? null,
    failed: found?.failed ?? null,
    unknown: found?.unknown ?? null,
    notApplicable: found?.notApplicable ?? null,
    waived: found?.waived ?? null,
  };
}
