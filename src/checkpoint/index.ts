export { type CacheReport, verifyCache, weightsDirectory } from './cache.ts';
export { cacheDirectory } from './cache-directory.ts';
export {
  type Checkpoint,
  readTensor,
  requireTensor,
  type StoredType,
  type TensorLocation,
  type TokenizerSource,
} from './checkpoint.ts';
export { fileDigest } from './digest.ts';
export { type Gguf, type GgufNumbers, type GgufTensor, type GgufValue, readGguf } from './gguf.ts';
export type { PulledFile, PullOptions } from './hub/fetch-files.ts';
export type { Pace } from './hub/http.ts';
export { hubCacheDirectory } from './hub/hub-settings.ts';
export { pullDataset } from './hub/open-dataset.ts';
export { type Pulled, pull } from './hub/pull.ts';
export { EMBEDDED_MODELS, type EmbeddedModel, locateEmbedded } from './models.ts';
export { type OpenOptions, type OpenProgress, openCheckpoint } from './open.ts';
export type { PickleValue } from './pickle-values.ts';
export { type BlockType, unpackBlocks } from './quantization.ts';
export { readSafetensors, type TensorRead } from './read-safetensors.ts';
export { readSafetensorsHeader, type SafetensorsEntry, type SafetensorsHeader } from './safetensors.ts';
export { readTorchFile, stateTensors, type TorchFile, type TorchTensors } from './torch-file.ts';
export { type TensorToWrite, writeSafetensors } from './write-safetensors.ts';
