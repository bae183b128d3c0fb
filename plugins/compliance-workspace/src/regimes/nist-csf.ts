import type { Regime } from './regime.js';

export const nistCsf: Regime = {
  framework: 'NIST CSF 2.0',
  title: 'NIST Cybersecurity Framework 2.0',
  source: 'NIST CSWP 29, February 2024: ids of subcategories; the words are ours',
  asOf: '2026-11-23',
  rows: [
    {
      reference: 'GV.OC-03',
      about: 'Legal requirements are understood and managed',
      checks: ['RES-001', 'RES-002', 'RES-003', 'RES-008', 'LAW-009'],
    },
    { reference: 'GV.RR-02', about: 'Roles and responsibilities', checks: ['ACC-005', 'MDL-006'] },
    { reference: 'GV.SC-07', about: 'Risks of suppliers', checks: ['RES-009', 'SUP-004'] },
    { reference: 'ID.AM-07', about: 'Inventory of data', checks: ['MDL-005', 'LAW-009'] },
    { reference: 'ID.AM-08', about: 'Systems through their life', checks: ['SUP-006', 'MDL-001'] },
    { reference: 'ID.RA-07', about: 'Changes are managed', checks: ['OPS-002'] },
    { reference: 'PR.AA-01', about: 'Identities and credentials are managed', checks: ['ACC-007', 'ACC-008'] },
    {
      reference: 'PR.AA-05',
      about: 'Permissions, least privilege, separation of duties',
      checks: ['ACC-001', 'ACC-003', 'ACC-004', 'ACC-005', 'ACC-009', 'ACC-010'],
    },
    { reference: 'PR.DS-01', about: 'Data at rest', checks: ['CRY-001', 'CRY-002', 'RES-010', 'SUP-005'] },
    { reference: 'PR.DS-02', about: 'Data in transit', checks: ['CRY-003', 'CRY-005', 'RES-004', 'RES-005'] },
    { reference: 'PR.DS-10', about: 'Data in use', checks: ['ACC-002', 'CRY-004'] },
    { reference: 'PR.PS-01', about: 'Configuration is managed', checks: ['LOG-004', 'OPS-002'] },
    { reference: 'PR.PS-04', about: 'Logs are made and available', checks: ['LOG-003', 'LOG-005'] },
    { reference: 'PR.IR-03', about: 'Resilience', checks: ['MDL-004'] },
    { reference: 'DE.CM-09', about: 'Computing and data are monitored', checks: ['MDL-003', 'SUP-005'] },
    { reference: 'DE.AE-08', about: 'Incidents are declared', checks: ['OPS-001'] },
    { reference: 'RS.MA-02', about: 'Incidents are triaged and escalated', checks: ['OPS-001'] },
    { reference: 'RC.RP-02', about: 'Recovery', checks: ['MDL-004'] },
  ],
};
