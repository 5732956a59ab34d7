/**
 * Batches of sequences of like length, so that little is padded: the longest first (memory is at its highest at once),
 * equal lengths in their given order. The same sequences always give the same batches.
 *
 * @param sequences anything with tokens
 * @param options.size sequences in a batch, at least 1; the last batch may hold fewer
 * @returns indices into `sequences`, each once
 */
export function batches(
  sequences: readonly { readonly tokens: readonly number[] }[],
  options: { readonly size: number },
): readonly (readonly number[])[] {
  const { size } = options;
  if (!Number.isSafeInteger(size) || size < 1) throw new RangeError(`a batch of ${size} sequences`);
  const length = (i: number) => sequences[i]!.tokens.length;
  const order = sequences.map((_, i) => i).sort((a, b) => length(b) - length(a) || a - b);
  return Array.from({ length: Math.ceil(order.length / size) }, (_, i) => order.slice(i * size, (i + 1) * size));
}
