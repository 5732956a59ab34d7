export {
  type Checkpoint,
  readTensor,
  requireTensor,
  type StoredType,
  type TensorLocation,
  type TokenizerSource,
} from './checkpoint.ts';
export { type Gguf, type GgufNumbers, type GgufTensor, type GgufValue, readGguf } from './gguf.ts';
export { type BlockType, unpackBlocks } from './quantization.ts';
export { readSafetensors, type TensorRead } from './read-safetensors.ts';
export { readSafetensorsHeader, type SafetensorsEntry, type SafetensorsHeader } from './safetensors.ts';
export { type TensorToWrite, writeSafetensors } from './write-safetensors.ts';
