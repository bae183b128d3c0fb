/** Types of other subgraphs that show their audit trail. */
export const auditedTypes = ['Endpoint', 'ModelVersion', 'Run', 'TrainingSet', 'FeatureView', 'DataSource'] as const;
