export * from './attention-head.ts';
export { type Check, checked, TOLERANCE } from './check.ts';
export { type Draw, drawFrom } from './draw.ts';
export * from './implicit-update.ts';
export * from './in-context-regression.ts';
export * from './linear-layer.ts';
export * from './matrix.ts';
export * from './softmax-kernel.ts';
