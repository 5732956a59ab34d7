import { defineConfig, mergeConfig } from 'vitest/config';
import fast from './vitest.config.ts';

const config = mergeConfig(fast, defineConfig({ test: { testTimeout: 1_800_000 } }));
config.test!.projects = undefined;
config.test!.include = ['src/**/*.slow.test.ts', 'test/**/*.slow.test.ts'];
config.test!.env = { PROPERTY_SEED: process.env.PROPERTY_SEED ?? 'random' };
config.test!.exclude = ['node_modules/**'];
export default config;
