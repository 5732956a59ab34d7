export { type SeedStreams, seedStreams, untrainedStream } from './streams.ts';
