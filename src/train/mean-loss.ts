import { languageFeeds } from './gpt.ts';
import type { Sequences } from './packing.ts';
import type { Trainer } from './trainer.ts';

/** A mean over predictions. */
export interface MeanLoss {
  /** In nats per token. */
  readonly loss: number;
  readonly tokens: number;
}

/**
 * The mean loss over the sequences with these indices, with the current parameters.
 *
 * @param onBatch is called after each batch
 */
export async function meanLoss(
  trainer: Trainer,
  sequences: Sequences,
  numbers: readonly number[],
  { batch, onBatch }: { readonly batch: number; readonly onBatch?: () => void },
): Promise<MeanLoss> {
  let sum = 0;
  for (let i = 0; i < numbers.length; i += batch) {
    const rows = numbers.slice(i, i + batch);
    const { loss } = await trainer.evaluate(languageFeeds(rows.map(sequences.at)), ['loss']);
    sum += loss!.data[0]! * rows.length;
    onBatch?.();
  }
  return { loss: sum / numbers.length, tokens: numbers.length * sequences.context };
}

/** `count` whole numbers below n with equal gaps; all if n is smaller. */
export function evenlySpaced(n: number, count: number): readonly number[] {
  const taken = Math.min(n, count);
  return Array.from({ length: taken }, (_, i) => Math.floor((i * n) / taken));
}
