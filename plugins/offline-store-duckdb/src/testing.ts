// What the benchmark measures is the product's own SQL over the product's own files.
export { openDuckDatabase, type Session } from './database.js';
export { pointInTimeSql } from './point-in-time.js';
export { Sources } from './source.js';
export { ViewCache } from './view-cache.js';
