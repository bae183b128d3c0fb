import { strict as assert } from 'node:assert';
import type { ComplianceV1 } from '@falaj/plugin-sdk';
import { type CaseDefinition, commonCases } from './case.js';
import { fakeCall } from './fake-host.js';

const list = (checks: ComplianceV1) => checks.list({}, fakeCall());
const evaluate = (checks: ComplianceV1, subject: string, snapshot: Readonly<Record<string, unknown>> = {}) =>
  checks.evaluate({ subject, snapshot }, fakeCall());
const subjectsOf = async (checks: ComplianceV1) => [...new Set((await list(checks)).map((check) => check.subject))];

const gates = new Set(['BLOCK_PROMOTION', 'BLOCK_DEPLOYMENT', 'OPEN_INCIDENT', 'WARN']);
/** Whatever a check reads, these are the wrong types for it: a verdict must come all the same. */
const odd = () => ({ zone: 7, data: null, model: [], evidence: 'text', nested: { deep: [undefined] } });

export const complianceCases: readonly CaseDefinition<'compliance'>[] = [
  ...commonCases<'compliance'>(
    'CO',
    (checks, signal) => checks.evaluate({ subject: 'deployment', snapshot: {} }, fakeCall({ signal })),
    fakeCall,
  ),
  {
    id: 'CO-03',
    title: 'every check has a permanent id of its own, a version, a title, a reference, a subject and a known gate',
    async run({ open }) {
      const checks = await list(await open());
      assert.ok(checks.length > 0, 'there is at least one check');
      assert.equal(new Set(checks.map((check) => check.id)).size, checks.length, 'ids must differ');
      for (const check of checks) {
        assert.match(check.id, /^[A-Z][A-Z0-9]*-\d{2,}$/, `id ${check.id}`);
        assert.ok(Number.isInteger(check.version) && check.version >= 1, `${check.id}: version ${check.version}`);
        assert.ok(check.title && check.subject, `${check.id}: title and subject`);
        assert.ok(check.references.length > 0, `${check.id}: references`);
        assert.ok(gates.has(check.gate), `${check.id}: gate ${check.gate}`);
      }
    },
  },
  {
    id: 'CO-04',
    title: 'missing or malformed data is never PASS',
    async run({ open }) {
      const checks = await open();
      for (const subject of await subjectsOf(checks)) {
        for (const snapshot of [{}, odd()]) {
          for (const result of await evaluate(checks, subject, snapshot)) {
            assert.notEqual(result.status, 'PASS', `${result.checkId} passes although it was told nothing`);
          }
        }
      }
    },
  },
  {
    id: 'CO-05',
    title: 'every check of the subject gives one verdict, in its current version, with a reason; no other does',
    async run({ open }) {
      const checks = await open();
      const infos = await list(checks);
      for (const subject of await subjectsOf(checks)) {
        const expected = infos.filter((info) => info.subject === subject).map((info) => `${info.id} v${info.version}`);
        const results = await evaluate(checks, subject);
        assert.deepEqual(
          results.map((result) => `${result.checkId} v${result.version}`).toSorted(),
          expected.toSorted(),
        );
        for (const result of results) assert.ok(result.reason.length > 0, `${result.checkId}: a reason`);
      }
    },
  },
  {
    id: 'CO-06',
    title: 'the same snapshot gives the same verdicts, later and after a restart',
    async run({ open, host }) {
      const first = await open();
      const second = await open();
      for (const subject of await subjectsOf(first)) {
        const before = await evaluate(first, subject, odd());
        host.advance(400 * 24 * 3600 * 1000);
        assert.deepEqual(await evaluate(first, subject, odd()), before);
        assert.deepEqual(await evaluate(second, subject, odd()), before);
      }
    },
  },
  {
    id: 'CO-07',
    title: 'the snapshot is not changed',
    async run({ open }) {
      const checks = await open();
      for (const subject of await subjectsOf(checks)) {
        const snapshot = odd();
        await evaluate(checks, subject, snapshot);
        assert.deepEqual(snapshot, odd());
      }
    },
  },
];
