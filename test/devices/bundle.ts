import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Bundles modules for the browser; onnxruntime is loaded from `/ort/`. */
export async function bundle(entries: Readonly<Record<string, string>>): Promise<ReadonlyMap<string, Uint8Array>> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { ...entries },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    write: false,
    outdir: 'out',
    plugins: [
      {
        name: 'onnxruntime by address',
        setup: ({ onResolve }) => {
          onResolve({ filter: /^onnxruntime-web\// }, ({ path }) => ({
            path: `/ort/ort.${path.slice('onnxruntime-web/'.length)}.bundle.min.mjs`,
            external: true,
          }));
        },
      },
    ],
  });
  return new Map(outputFiles.map(({ path, contents }) => [path.split(/[\\/]/).at(-1)!, contents]));
}
