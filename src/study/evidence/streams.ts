import { createHash } from 'node:crypto';
import { type RandomStream, randomStream } from '../../statistics/random.ts';

/** Keeps the random numbers of this study apart from those of others. */
const STUDY = 7001;

/** The random numbers of a set of demonstrations, one stream for each purpose. */
export interface SeedStreams {
  /** The order of the demonstrations. */
  readonly order: () => RandomStream;
  /** Which demonstration has which label. */
  readonly labels: () => RandomStream;
  /** The order of the tokens within a demonstration, counted from 0. */
  readonly tokens: (demonstration: number) => RandomStream;
  /** The direction of a projection in a random step, by its index (`setting.projectionParts`). */
  readonly random: (projection: number) => RandomStream;
}

/** The streams of seed d: `randomStream(7001, d, purpose[, index])`. */
export function seedStreams(seed: number): SeedStreams {
  return {
    order: () => randomStream(STUDY, seed, 1),
    labels: () => randomStream(STUDY, seed, 2),
    tokens: demonstration => randomStream(STUDY, seed, 3, demonstration),
    random: projection => randomStream(STUDY, seed, 4, projection),
  };
}

/**
 * The random numbers of a tensor of an untrained model: `randomStream(7001, init, 5, word)`, where
 * word is the first uint32, little-endian, of SHA-256 of the tensor's name.
 */
export function untrainedStream(initialisation: number, tensor: string): RandomStream {
  const word = createHash('sha256').update(tensor).digest().readUInt32LE(0);
  return randomStream(STUDY, initialisation, 5, word);
}
