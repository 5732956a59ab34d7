/**
 * @file N-gram models as baselines for the perplexity of language models.
 */

/**
 * Mean cross-entropy in nats of all tokens but the first under the counts of the training text,
 * with one added to every count:
 *
 *     P(b) = (times b + 1) / (tokens + vocabulary)
 */
export function unigramLoss(training: Int32Array, validation: Int32Array, vocabulary: number): number {
  const probability = unigram(training, vocabulary);
  return meanLoss(validation, (_, next) => probability(next));
}

/**
 * As unigramLoss, from counts of pairs, smoothed with those of single tokens by the number t(a) of
 * different tokens that followed a (Witten and Bell 1991):
 *
 *     P(b | a) = (times b followed a + t(a) P(b)) / (times a was followed + t(a))
 */
export function bigramLoss(training: Int32Array, validation: Int32Array, vocabulary: number): number {
  const single = unigram(training, vocabulary);
  const pairs = new Map<number, number>();
  const followed = new Float64Array(vocabulary);
  const different = new Float64Array(vocabulary);
  for (let t = 1; t < training.length; t++) {
    const now = training[t - 1]!;
    const pair = now * vocabulary + training[t]!;
    const times = pairs.get(pair) ?? 0;
    if (times === 0) different[now]!++;
    followed[now]!++;
    pairs.set(pair, times + 1);
  }
  return meanLoss(validation, (now, next) => {
    const [all, kinds] = [followed[now]!, different[now]!];
    if (all === 0) return single(next);
    return ((pairs.get(now * vocabulary + next) ?? 0) + kinds * single(next)) / (all + kinds);
  });
}

function unigram(training: Int32Array, vocabulary: number): (token: number) => number {
  const counts = new Float64Array(vocabulary).fill(1);
  for (const token of training) counts[token]!++;
  return token => counts[token]! / (training.length + vocabulary);
}

function meanLoss(tokens: Int32Array, probability: (now: number, next: number) => number): number {
  let sum = 0;
  for (let t = 1; t < tokens.length; t++) sum -= Math.log(probability(tokens[t - 1]!, tokens[t]!));
  return sum / (tokens.length - 1);
}
