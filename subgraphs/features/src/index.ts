export { featuresSubgraph } from './main.js';
