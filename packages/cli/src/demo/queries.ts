import type { Journey } from './journey.js';

/** What a newcomer may paste into the explorer after the journey. */
export function queriesWorthTrying(ids: Journey['ids']): { title: string; query: string }[] {
  return [
    {
      title: 'What a model was made of, over all five subgraphs',
      query: `{ featureView(id: "${ids.featureViews?.[0]}") { name version trainingSets(first: 5) { edges { node { name digest runs(first: 1) { edges { node { name modelVersions(first: 1) { edges { node { version endpoints(first: 1) { edges { node { name auditTrail(first: 5) { edges { node { at action actorId } } } } } } } } } } } } } } } } }`,
    },
    {
      title: 'A prediction, features joined by the server',
      query: `{ predict(input: { endpoint: "${ids.endpointName}", rows: [{ origin: "LAX", destination: "PHX", event_time: "2001-03-31T12:00:00Z" }] }) { modelVersion outputs { name values } } }`,
    },
    {
      title: 'The same rows as another principal: look at extensions.falaj.masked',
      query:
        '{ dataSources(first: 5) { edges { node { name owner digest maskedFields sampleRows(first: 2) { cells { column value } } } } } }',
    },
    {
      title: 'How well the run did, beside its baselines',
      query: `{ run(id: "${ids.runId}") { state evaluation { rows baseRate scores baselines { name scores } } parity { rows maxDifference passed } importance { column share } } }`,
    },
    {
      title: 'Why data of AE may not be deployed abroad',
      query:
        '{ explainResidency(input: { dataZone: "AE", categories: ["health"], targetZone: "US", operation: "deploy" }) { allowed ruleId reason allowedZones source } }',
    },
  ];
}
