/** The tokens of a run, which must contain the same demonstrations in both settings. */
export interface Fed {
  /** Prefix of the in-context setting. */
  readonly prefixTokens: readonly number[];
  /** Sequences of the finetuned setting. */
  readonly finetuning: readonly (readonly number[])[];
  readonly bos: number;
  readonly separator: readonly number[];
}

/**
 * Proves from the token ids alone that the in-context and the finetuned setting saw the same
 * demonstrations in the same order: the prefix, without its BOS and its separators, must be the
 * finetuning sequences without theirs. It uses only the fed tokens, so that it does not depend on
 * how they were made.
 *
 * @throws Error naming the first difference
 */
export function assertSameDemonstrations({ prefixTokens, finetuning, bos, separator }: Fed): void {
  const differ = (what: string): never => {
    throw new Error(`in-context and finetuned do not see the same demonstrations: ${what}`);
  };
  if (prefixTokens[0] !== bos) {
    differ(`the prefix begins with ${show(prefixTokens[0])}, not with the BOS ${bos}`);
  }
  let at = 1;
  finetuning.forEach((sequence, i) => {
    const name = `demonstration ${i + 1} of ${finetuning.length}`;
    if (sequence[0] !== bos) {
      differ(`${name} begins with ${show(sequence[0])} in finetuning, not with the BOS ${bos}`);
    }
    for (let t = 1; t < sequence.length; t++, at++) {
      if (prefixTokens[at] === sequence[t]) continue;
      differ(`token ${t} of ${name} is ${show(prefixTokens[at])} in context and ${sequence[t]} in finetuning`);
    }
    for (const token of separator) {
      if (prefixTokens[at] !== token) {
        differ(`${name} is followed by ${show(prefixTokens[at])} in context, not by the separator's ${token}`);
      }
      at++;
    }
  });
  if (at < prefixTokens.length) {
    differ(
      `the prefix continues for ${prefixTokens.length - at} tokens after the ${finetuning.length} that finetuning has`,
    );
  }
}

function show(token: number | undefined): string {
  return token === undefined ? 'nothing' : String(token);
}
