import { DIFFERENTLY_NORMALIZED, UNASSIGNED } from './unicode-tables.ts';

/** A small letter in Unicode 16, a letter without case since Unicode 17. */
const CHANGED = '\\u0295';

const unassigned = members(UNASSIGNED);
const classedDifferently = `(?=[${unassigned}])\\P{Cn}|(?![${unassigned}])\\p{Cn}|${CHANGED}`;
const CLASSED = new RegExp(classedDifferently, 'u');
const CLASSED_OR_NORMALIZED = new RegExp(`${classedDifferently}|[${members(DIFFERENTLY_NORMALIZED)}]`, 'u');

/**
 * The first character of a text that is treated according to the version of Unicode: this engine
 * knows it and the Rust library does not, or the other way round.
 *
 * @param isNormalized whether the text is brought to a normal form
 */
export function versionDependent(text: string, isNormalized: boolean): string | undefined {
  return text.match(isNormalized ? CLASSED_OR_NORMALIZED : CLASSED)?.[0];
}

/** The members of a table, as inside of the brackets of a pattern. */
function members(table: string): string {
  const escaped = (code: number) => `\\u{${code.toString(16)}}`;
  let end = 0;
  const runs = table.split(' ').map(length => {
    const start = end;
    end += Number.parseInt(length, 36);
    return `${escaped(start)}-${escaped(end - 1)}`;
  });
  return runs.filter((_, i) => i % 2 === 1).join('');
}
