export { cacheDirectory } from '../files/cache-directory.ts';
export { fileDigest } from '../files/digest.ts';
export { type CacheReport, verifyCache, weightsDirectory } from './cache/cache.ts';
export {
  type Checkpoint,
  readTensor,
  requireTensor,
  type StoredType,
  type TensorLocation,
  type TokenizerSource,
} from './checkpoint.ts';
export { type BlockType, unpackBlocks } from './formats/gguf/blocks/blocks.ts';
export { type Gguf, type GgufNumbers, type GgufTensor, type GgufValue, readGguf } from './formats/gguf/read-gguf.ts';
export { readSafetensorsHeader, type SafetensorsEntry, type SafetensorsHeader } from './formats/safetensors/header.ts';
export { readSafetensors, type TensorRead } from './formats/safetensors/read-safetensors.ts';
export { type TensorToWrite, writeSafetensors } from './formats/safetensors/write-safetensors.ts';
export type { PickleValue } from './formats/torch/pickle-values.ts';
export { readTorchFile, stateTensors, type TorchFile, type TorchTensors } from './formats/torch/torch-file.ts';
export type { PulledFile, PullOptions } from './hub/fetch-files.ts';
export type { Pace } from './hub/http.ts';
export { hubCacheDirectory } from './hub/hub-settings.ts';
export { pullDataset } from './hub/open-dataset.ts';
export { type Pulled, pull } from './hub/pull.ts';
export { EMBEDDED_MODELS, type EmbeddedModel, locateEmbedded } from './models.ts';
export { openCheckpoint } from './open.ts';
export type { OpenOptions, OpenProgress } from './open-options.ts';
