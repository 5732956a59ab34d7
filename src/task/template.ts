import { UserError } from '../error.ts';

/** A prompt with fields: `Review: {text} Sentiment:`. `{{` and `}}` mean literal braces. */
export interface Template {
  readonly text: string;
  /** The names of the fields, each once, in the order of the text. */
  readonly fields: readonly string[];
  /** T(x): the prompt of a row. Fields are inserted unchanged. */
  render(fields: Readonly<Record<string, string>>): string;
}

/**
 * Reads a template.
 *
 * @param where names the template in messages
 * @throws UserError when a brace has no partner, or there is no field, or one is the label
 */
export function parseTemplate(text: string, where: string): Template {
  const literals: string[] = [''];
  const holes: string[] = [];
  for (const [piece, name] of text.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g)) {
    if (name !== undefined) {
      holes.push(name);
      literals.push('');
    } else if (piece === '{' || piece === '}') {
      throw new UserError(`${where}: "${piece}" has no partner; write "${piece}${piece}" for the brace itself`);
    } else {
      literals[literals.length - 1] += piece === '{{' ? '{' : piece === '}}' ? '}' : piece;
    }
  }
  if (holes.length === 0) throw new UserError(`${where}: no field to put in; write its name in braces, as in {text}`);
  if (holes.includes('label')) throw new UserError(`${where}: {label} would show the answer; leave it out`);
  return {
    text,
    fields: [...new Set(holes)],
    render: fields => literals.map((literal, i) => (i === 0 ? '' : fields[holes[i - 1]!]!) + literal).join(''),
  };
}
