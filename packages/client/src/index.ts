export {
  type ClientOptions,
  createClient,
  type FalajClient,
  FalajError,
  type GraphError,
  type GraphResponse,
  type MaskedPath,
} from './client.js';
export * from './generated/graphql.js';
