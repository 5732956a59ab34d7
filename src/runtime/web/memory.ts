import type { Memory } from '../protocol.ts';

interface WasmMemory {
  readonly buffer: { readonly byteLength: number };
}

/** Memory of WebAssembly, which grows and never shrinks, from now on. Browsers do not tell it otherwise. */
export function watchMemory(): () => Memory {
  const wasm = (globalThis as unknown as { WebAssembly: { Memory: new (descriptor: object) => WasmMemory } })
    .WebAssembly;
  const memories: WasmMemory[] = [];
  wasm.Memory = class extends wasm.Memory {
    constructor(descriptor: object) {
      super(descriptor);
      memories.push(this);
    }
  };
  return () => {
    const bytes = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    return { residentBytes: bytes, peakResidentBytes: bytes };
  };
}
