/** @file onnxruntime as files beside the page, loaded by address: it starts its threads from its own file. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const DIST = new URL('../../node_modules/onnxruntime-web/dist/', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('../package.json', DIST), 'utf8')) as { readonly version: string };

/** Names the version, as names of other files name their content: browsers keep a file by its name. */
const FOLDER = `onnxruntime-web-${version}`;

/** The modules by the name of their import, and what they load: the processor's build, and that with WebGPU. */
const MODULES = { wasm: 'ort.wasm.bundle.min.mjs', webgpu: 'ort.webgpu.bundle.min.mjs' } as const;
const LOADED = ['ort-wasm-simd-threaded.wasm', 'ort-wasm-simd-threaded.asyncify.wasm'];

/** @param emit whether to write the files: once for the page and all its workers */
export function onnxruntimeFiles(emit: boolean): Plugin {
  return {
    name: 'onnxruntime-files',
    enforce: 'pre',
    resolveId(source) {
      const name = /^onnxruntime-web\/(wasm|webgpu)$/.exec(source)?.[1] as keyof typeof MODULES | undefined;
      return name === undefined ? undefined : { id: `./${FOLDER}/${MODULES[name]}`, external: true };
    },
    generateBundle() {
      if (!emit) return;
      for (const name of [...Object.values(MODULES), ...LOADED]) {
        const source = readFileSync(fileURLToPath(new URL(name, DIST)));
        this.emitFile({ type: 'asset', fileName: `assets/${FOLDER}/${name}`, source });
      }
    },
  };
}
