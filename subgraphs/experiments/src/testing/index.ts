export { columnsOf } from '../domain/run-log.js';
export { parseFilter, parseOrder } from '../domain/run-search/parse.js';
export { savePoints } from '../store/run-log.js';
export { permitRun } from '../store/run-place.js';
export { pageStatement, type RunSearch, searchRuns } from '../store/run-search.js';
export { type Experiments, openExperiments } from './open-experiments.js';
