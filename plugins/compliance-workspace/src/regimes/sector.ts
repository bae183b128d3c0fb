import type { Regime } from './regime.js';

export const health: Regime = {
  framework: 'Federal Law 2/2019',
  title: 'UAE law on ICT in health fields',
  source: 'Federal Law 2/2019 Art. 13; Ministerial Decision 51/2021',
  asOf: '2026-11-23',
  rows: [{ reference: 'Art. 13', about: 'Health data stays in the State', checks: ['RES-002'] }],
};

export const cbuae: Regime = {
  framework: 'CBUAE',
  title: 'Central Bank of the UAE: Outsourcing Regulation C 14/2021, AI/ML Guidance Note 2026',
  source: 'Outsourcing Regulation Art. 6 as read; of the guidance note summaries only',
  asOf: '2026-11-23',
  rows: [
    { reference: 'Outsourcing Art. 6', about: 'Records of banks stay in the UAE', checks: ['RES-003', 'RES-008'] },
    { reference: 'AI/ML note: inventory', about: 'Inventory of models', checks: ['LAW-009', 'MDL-006'] },
    { reference: 'AI/ML note: validation', about: 'Validation before use', checks: ['MDL-001'] },
    { reference: 'AI/ML note: monitoring', about: 'Continuous monitoring', checks: ['MDL-003'] },
  ],
};

export const nistAiRmf: Regime = {
  framework: 'NIST AI RMF 1.0',
  title: 'NIST AI Risk Management Framework 1.0',
  source: 'Ids from memory; confirm before relying on them',
  asOf: '2026-11-23',
  rows: [
    { reference: 'GOVERN 1.6', about: 'Inventory of AI systems', checks: ['LAW-009'] },
    { reference: 'MEASURE 2.3', about: 'Performance is measured', checks: ['MDL-001'] },
    { reference: 'MEASURE 2.4', about: 'Behaviour in production is monitored', checks: ['MDL-003'] },
    { reference: 'MEASURE 2.7', about: 'Security and resilience', checks: ['SUP-004', 'SUP-005'] },
    { reference: 'MANAGE 2.4', about: 'Ways to take a system out of use', checks: ['MDL-004'] },
  ],
};
