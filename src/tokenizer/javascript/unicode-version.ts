import { UNASSIGNED } from './unassigned.ts';

/** A small letter in Unicode 16, a letter without case since Unicode 17. */
const CHANGED = '\\u0295';

/**
 * Matches a character whose class depends on the version of Unicode: this engine knows it and the
 * Rust library does not, or the other way round.
 */
export const VERSION_DEPENDENT = versionDependent();

function versionDependent(): RegExp {
  const escaped = (code: number) => `\\u{${code.toString(16)}}`;
  let end = 0;
  const runs = UNASSIGNED.split(' ').map(length => {
    const start = end;
    end += Number.parseInt(length, 36);
    return `${escaped(start)}-${escaped(end - 1)}`;
  });
  const unassigned = runs.filter((_, i) => i % 2 === 1).join('');
  return new RegExp(`(?=[${unassigned}])\\P{Cn}|(?![${unassigned}])\\p{Cn}|${CHANGED}`, 'u');
}
