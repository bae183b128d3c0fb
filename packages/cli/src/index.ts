export { defineConfig, type FalajConfig } from './config.js';
