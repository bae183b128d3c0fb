// Where the other processes of a split platform are, as the environment says.
import { PlatformError } from '@falaj/runtime';

const variableOf = (subgraph: string): string => `FALAJ_SUBGRAPH_${subgraph.toUpperCase()}_URL`;

/** e.g. `FALAJ_SUBGRAPH_MODELS_URL=https://10.0.0.7:4103`; undefined where there is none. */
export const subgraphUrl = (name: string): string | undefined => process.env[variableOf(name)];

/** Throws CONFIG_INVALID. */
export function neededSubgraphUrl(name: string): string {
  const url = subgraphUrl(name);
  if (url) return url;
  throw new PlatformError('CONFIG_INVALID', `Subgraph ${name} runs elsewhere: set ${variableOf(name)} to its address.`);
}

/** Throws CONFIG_INVALID. */
export function neededGatewayUrl(): string {
  const url = process.env.FALAJ_GATEWAY_URL;
  if (url) return url;
  throw new PlatformError('CONFIG_INVALID', 'Set FALAJ_GATEWAY_URL to the address of the gateway.');
}

/** What a process with these roles asks, by the variable that gives it. */
export const addressesOf = (
  gateway: boolean,
  elsewhere: readonly string[],
): Readonly<Record<string, string | undefined>> =>
  gateway
    ? Object.fromEntries(elsewhere.map((name) => [variableOf(name), subgraphUrl(name)]))
    : { FALAJ_GATEWAY_URL: process.env.FALAJ_GATEWAY_URL };
