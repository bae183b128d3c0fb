export { experimentsSubgraph } from './main.js';
