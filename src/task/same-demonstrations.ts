/** The tokens of a run that must speak of the same demonstrations. */
export interface Fed {
  /** Memory of the in-context setting. */
  readonly memoryTokens: readonly number[];
  /** Sequences of the finetuned setting. */
  readonly finetuning: readonly (readonly number[])[];
  readonly documentStart: number;
  readonly separator: readonly number[];
}

/**
 * Proves from the token ids alone that the in-context and the finetuned setting saw the same demonstrations in the same
 * order: the memory, without its document start and its separators, must be the finetuning sequences without theirs.
 * It looks at nothing but what is fed, so that it holds whoever made the sequences.
 *
 * @throws Error naming the first difference
 */
export function assertSameDemonstrations({ memoryTokens, finetuning, documentStart, separator }: Fed): void {
  const differ = (what: string): never => {
    throw new Error(`in-context and finetuned do not see the same demonstrations: ${what}`);
  };
  if (memoryTokens[0] !== documentStart) {
    differ(`the memory begins with ${show(memoryTokens[0])}, not with the document start ${documentStart}`);
  }
  let at = 1;
  finetuning.forEach((sequence, i) => {
    const name = `demonstration ${i + 1} of ${finetuning.length}`;
    if (sequence[0] !== documentStart) {
      differ(`${name} begins with ${show(sequence[0])} in finetuning, not with the document start ${documentStart}`);
    }
    for (let t = 1; t < sequence.length; t++, at++) {
      if (memoryTokens[at] === sequence[t]) continue;
      differ(`token ${t} of ${name} is ${show(memoryTokens[at])} in context and ${sequence[t]} in finetuning`);
    }
    for (const token of separator) {
      if (memoryTokens[at] !== token) {
        differ(`${name} is followed by ${show(memoryTokens[at])} in context, not by the separator's ${token}`);
      }
      at++;
    }
  });
  if (at < memoryTokens.length) {
    differ(
      `the memory goes on for ${memoryTokens.length - at} tokens after the ${finetuning.length} that finetuning has`,
    );
  }
}

function show(token: number | undefined): string {
  return token === undefined ? 'nothing' : String(token);
}
