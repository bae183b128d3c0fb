export { type ModelsOptions, modelsSubgraph } from './main.js';
