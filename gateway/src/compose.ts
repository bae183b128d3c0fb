import { PlatformError } from '@falaj/runtime';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';

/** One supergraph of several subgraphs, the same text for the same input. Errors: CONFIG_INVALID listing every fault. */
export function composeSupergraph(
  subgraphs: readonly { readonly name: string; readonly sdl: string; readonly url?: string }[],
): { supergraphSdl: string } {
  const sorted = subgraphs.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const result = composeServices(sorted.map(({ name, sdl, url }) => ({ name, typeDefs: parse(sdl), url: url ?? '' })));
  if (!result.supergraphSdl) {
    const faults = (result.errors ?? []).map((error) => error.message);
    throw new PlatformError('CONFIG_INVALID', `The subgraphs do not compose:\n${faults.join('\n')}`, {
      details: { faults },
    });
  }
  return { supergraphSdl: result.supergraphSdl };
}
