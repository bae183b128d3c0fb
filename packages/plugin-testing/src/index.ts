export type { Bench, CaseDefinition, ConformanceOptions } from './case.js';
export { createTestAuthority, type TestAuthority, type TestCertificate } from './certificates.js';
export { type ConformanceCase, conformance } from './conformance.js';
export { createFakeHost, type FakeHost, fakeCall, type LogRecord } from './fake-host.js';
export { tinyModel } from './tiny-model.js';
