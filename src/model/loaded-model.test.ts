import { expect, test } from 'vitest';
import { goldenFolder } from '../../test/reference/golden.ts';
import { openCheckpoint } from '../checkpoint/open.ts';
import type { Runtime, SessionRequest } from '../runtime/runtime.ts';
import { gradientGraph, updateGraph } from '../setting/finetune-step.ts';
import { loadModel } from './loaded-model.ts';

test('only graphs that read weights name their sources, so that no others join the session that holds them', async () => {
  const requests: SessionRequest[] = [];
  const runtime = {
    device: 'wasm',
    load: async (locations: readonly { readonly name: string }[]) => locations.map(({ name }) => ({ name })),
    openSession: async (request: SessionRequest) => {
      requests.push(request);
      return {};
    },
  } as unknown as Runtime;
  const model = await loadModel(await openCheckpoint(goldenFolder('llama')), runtime);
  for (const graph of [gradientGraph, updateGraph]) await model.session(graph);
  expect(requests.map(({ name, sources }) => [name, sources])).toEqual([
    ['gradient', [expect.stringContaining('model.safetensors')]],
    ['update', []],
  ]);
});
