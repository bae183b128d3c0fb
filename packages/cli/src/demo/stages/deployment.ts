import { CreateEndpointDocument, MaterializeFeatureViewDocument, PredictDocument } from '@falaj/client';
import { sampleRequests } from '../flight-features.js';
import { need, type Stage } from '../journey.js';

/** Online features, an endpoint, and the same prediction by GraphQL and by the inference protocol, JSON and binary. */
export const deployment: Stage = {
  title: 'deployment and prediction',
  async run(journey) {
    const engineer = need(journey.actors, 'engineer').client;
    const approver = need(journey.actors, 'approver');
    let entities = 0;
    for (const featureViewId of need(journey.ids, 'featureViews')) {
      const { materializeFeatureView } = await engineer.data(MaterializeFeatureViewDocument, {
        input: { featureViewId, asOf: sampleRequests.asOf },
      });
      entities += materializeFeatureView.materialization?.rowsWritten ?? 0;
    }
    const { createEndpoint } = await approver.client.data(CreateEndpointDocument, {
      input: { name: 'flight-delay', modelVersionId: need(journey.ids, 'modelVersionId'), zone: 'AE' },
    });
    const endpoint = need(createEndpoint, 'endpoint');
    journey.ids.endpointId = endpoint.id;
    journey.ids.endpointName = endpoint.name ?? '';
    const { predict } = await approver.client.data(PredictDocument, {
      input: {
        endpoint: 'flight-delay',
        rows: sampleRequests.rows.map((row) => ({ ...row, event_time: sampleRequests.asOf })),
      },
    });
    const byGraph = predict?.outputs?.[0]?.values ?? [];
    const byProtocol = await inferOverHttp(
      journey.url,
      approver.token,
      need(journey.ids, 'workspaceId'),
      String(endpoint.inferencePath),
    );
    const difference = Math.max(...byGraph.map((value, place) => Math.abs(value - (byProtocol[place] ?? Number.NaN))));
    if (!(difference <= 1e-6))
      throw new Error(`GraphQL and the inference protocol differ: ${byGraph.join()} and ${byProtocol.join()}.`);
    const shown = sampleRequests.rows.map(
      (row, place) => `${row.origin}-${row.destination} ${((byGraph[place] ?? 0) * 100).toFixed(0)} %`,
    );
    return `${entities} entities online, endpoint READY in ${endpoint.zone} on ${endpoint.device}; late: ${shown.join(', ')} by GraphQL and /v2 alike`;
  },
};

/** The same rows by the Open Inference Protocol: entity keys as BYTES tensors, features joined by the server. */
async function inferOverHttp(url: string, token: string, workspace: string, path: string): Promise<number[]> {
  const column = (name: string, values: string[]) => ({
    name,
    datatype: 'BYTES',
    shape: [values.length],
    data: values,
  });
  const response = await fetch(new URL(`${path}/infer`, url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, 'x-falaj-workspace': workspace },
    body: JSON.stringify({
      id: 'demo',
      inputs: [
        column(
          'origin',
          sampleRequests.rows.map((row) => row.origin),
        ),
        column(
          'destination',
          sampleRequests.rows.map((row) => row.destination),
        ),
        column(
          'event_time',
          sampleRequests.rows.map(() => sampleRequests.asOf),
        ),
      ],
    }),
  });
  const body = (await response.json()) as { error?: string; outputs?: { data: number[] }[] };
  if (!response.ok) throw new Error(`/v2 answered ${response.status}: ${body.error}`);
  return body.outputs?.[0]?.data ?? [];
}
