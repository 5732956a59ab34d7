export { cacheDirectory } from '../files/cache-directory.ts';
export { fileDigest } from '../files/digest.ts';
export { type CacheReport, verifyCache, weightsDirectory } from './cache/integrity.ts';
export {
  type Checkpoint,
  requireTensor,
  type StoredType,
  type TensorLocation,
  type TokenizerSource,
} from './checkpoint.ts';
export { type BlockType, unpackBlocks } from './formats/gguf/blocks/blocks.ts';
export type { Gguf, GgufNumbers, GgufTensor, GgufValue } from './formats/gguf/parse-gguf.ts';
export type { SafetensorsEntry, SafetensorsHeader } from './formats/safetensors/header.ts';
export type { PickleValue } from './formats/torch/pickle-values.ts';
export { stateTensors, type TorchTensors } from './formats/torch/state-tensors.ts';
export type { PulledFile, PullOptions } from './hub/fetch-files.ts';
export type { Pace } from './hub/http.ts';
export { hubCacheDirectory } from './hub/hub-settings.ts';
export { pullDataset } from './hub/open-dataset.ts';
export { type Pulled, pull } from './hub/pull.ts';
export { EMBEDDED_MODELS, type EmbeddedModel, locateEmbedded } from './models.ts';
export { openCheckpoint } from './open.ts';
export type { OpenOptions, OpenProgress } from './open-options.ts';
export { readGguf } from './sources/read-gguf.ts';
export { readSafetensors, readSafetensorsHeader, type TensorRead } from './sources/read-safetensors.ts';
export { readTensor } from './sources/read-tensor.ts';
export { readTorchFile, type TorchFile } from './sources/read-torch.ts';
export { type TensorToWrite, writeSafetensors } from './sources/write-safetensors.ts';
export { type UntrainedOptions, writeUntrained } from './untrained.ts';
