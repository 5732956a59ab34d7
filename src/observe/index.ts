export { type Observed, type ObservedBatch, observe, type Query, type Taps } from './observe.ts';
export { type TraceTensor, trace } from './trace.ts';
