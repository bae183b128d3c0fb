export { createWorkflowEngine } from './engine.js';
export { workflowMigrations } from './migrations.js';
