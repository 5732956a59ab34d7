import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { onnxruntimeFiles } from './onnxruntime-files.ts';

/** Written into the package. Addresses are relative, so that the page works in any folder of any host. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  publicDir: false,
  logLevel: 'warn',
  plugins: [onnxruntimeFiles(true)],
  worker: { format: 'es', plugins: () => [onnxruntimeFiles(false)] },
  build: {
    outDir: fileURLToPath(new URL('../../dist/explorer', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    // The policy of the page allows no inline script.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});
