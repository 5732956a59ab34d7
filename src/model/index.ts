export { type Conventions, type ConventionWishes, conventionsOf } from './conventions.ts';
export type { Decoder, Family, Pass, Sizes, TensorSpec } from './decoder.ts';
export { families, readDecoder } from './families/index.ts';
export { type LoadedModel, loadModel, type ModelGraph, type Projections } from './loaded-model.ts';
export { configWithMomentum, type Momentum, runWithMomentum } from './momentum.ts';
export { runInPrecision } from './precision.ts';
export { computePrefix, emptyPrefix, type Prefix, releasePrefix } from './prefix.ts';
export { hasRotaryPositions } from './rotary-positions.ts';
