// Names of laws and standards, written once. ISO texts are copyrighted: ids only, our own words for the rest.
const of = (framework: string) => (reference: string) => ({ framework, reference });

export const pdpl = of('PDPL');
export const difc = of('DIFC Law 5/2020');
export const health = of('Federal Law 2/2019');
export const outsourcing = of('CBUAE Outsourcing Regulation C 14/2021');
export const aiGuidance = of('CBUAE AI/ML Guidance Note 2026');
export const iso27001 = of('ISO 27001:2022');
export const iso42001 = of('ISO 42001:2023');
export const nistCsf = of('NIST CSF 2.0');
export const nistAiRmf = of('NIST AI RMF 1.0');
export const slsa = of('SLSA');
