export { type Conventions, type ConventionWishes, conventionsOf } from './conventions.ts';
export type { Decoder, Family, Pass, Sizes, TensorSpec } from './decoder.ts';
export { families, readDecoder } from './families/index.ts';
export { type GraphName, type KeyValue, type LoadedModel, loadModel } from './loaded-model.ts';
export { computeMemory, emptyMemory, type Memory, releaseMemory } from './memory.ts';
export { configWithMomentum, type Momentum, runWithMomentum } from './momentum.ts';
