import type { Regime } from './regime.js';

export const pdpl: Regime = {
  framework: 'PDPL',
  title: 'UAE Personal Data Protection Law, Federal Decree-Law 45/2021',
  source: 'Titles of the articles; the Executive Regulations are not published, so no deadline is built in',
  asOf: '2026-11-23',
  rows: [
    {
      reference: 'Art. 5',
      about: 'Controls of processing: lawful, fair, purpose, minimal, accurate, secure',
      checks: ['MDL-005', 'MDL-006', 'ACC-003'],
    },
    {
      reference: 'Art. 7',
      about: 'Obligations of the controller: measures and records',
      checks: ['ACC-001', 'ACC-004', 'LOG-005', 'SUP-006', 'OPS-002'],
    },
    { reference: 'Art. 8', about: 'Obligations of the processor', checks: ['ACC-009', 'RES-009'] },
    { reference: 'Art. 9', about: 'Reporting of breaches', checks: ['OPS-001'] },
    { reference: 'Art. 13', about: 'Right to information, automated decisions included', checks: ['LAW-009'] },
    { reference: 'Art. 18', about: 'Automated processing', checks: ['LAW-009', 'MDL-001', 'MDL-003'] },
    {
      reference: 'Art. 20',
      about: 'Security: encryption and pseudonymisation',
      checks: ['CRY-001', 'CRY-002', 'CRY-003', 'CRY-004', 'CRY-005', 'ACC-003', 'ACC-008', 'ACC-009'],
    },
    {
      reference: 'Art. 22',
      about: 'Transfer abroad with adequate protection',
      checks: [
        'RES-001',
        'RES-002',
        'RES-003',
        'RES-004',
        'RES-005',
        'RES-006',
        'RES-007',
        'RES-008',
        'RES-009',
        'RES-010',
      ],
    },
    { reference: 'Art. 23', about: 'Transfer abroad without adequate protection', checks: ['RES-001', 'RES-005'] },
  ],
};
