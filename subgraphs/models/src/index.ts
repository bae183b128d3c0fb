export { modelsSubgraph } from './main.js';
