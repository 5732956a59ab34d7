/**
 * Tokens of a batch: enough for fast matrix products, few enough that the attention scores of a
 * batch after a long prefix take tens of megabytes.
 */
const MOST_TOKENS = 512;

/**
 * Batches of sequences of similar length, so that attention of the sequences to themselves needs
 * little padding. The longest come first, so that memory peaks at once; equal lengths keep their
 * order. The same sequences always give the same batches.
 *
 * @param sequences anything with tokens
 * @param options.size sequences in a batch, at least 1; fewer if they are long: a batch has at most
 * 512 tokens, or one sequence
 * @returns indices into `sequences`, each once
 */
export function batches(
  sequences: readonly { readonly tokens: readonly number[] }[],
  options: { readonly size: number },
): readonly (readonly number[])[] {
  const { size } = options;
  if (!Number.isSafeInteger(size) || size < 1) throw new RangeError(`a batch of ${size} sequences`);
  const length = (i: number) => sequences[i]!.tokens.length;
  const result: number[][] = [];
  let space = 0;
  for (const i of sequences.map((_, i) => i).sort((a, b) => length(b) - length(a) || a - b)) {
    const open = result.at(-1);
    if (open !== undefined && open.length < size && length(i) <= space) open.push(i);
    else {
      result.push([i]);
      space = MOST_TOKENS;
    }
    space -= length(i);
  }
  return result;
}
