/**
 * Writes `src/tokenizer/javascript/unassigned.ts`, the characters that are unassigned in the version
 * of Unicode that the Rust library `tokenizers` knows:
 *
 *     npx tsx scripts/unicode.ts
 */
import { writeFileSync } from 'node:fs';
import { EVERY, nativeClass } from '../test/reference/unicode-classes.ts';

const unassigned = nativeClass('\\p{Cn}', EVERY);
const lengths: number[] = [];
let start = 0;
let within = false;
for (let code = 0; code <= 0x110000; code++) {
  if (unassigned.has(code) === within && code < 0x110000) continue;
  lengths.push(code - start);
  start = code;
  within = !within;
}
const lines = lengths
  .map(length => length.toString(36))
  .join(' ')
  .match(/.{1,90}(?: |$)/g)!;
writeFileSync(
  new URL('../src/tokenizer/javascript/unassigned.ts', import.meta.url),
  `/**
 * @file The characters that are unassigned in Unicode 16, which the Rust library \`tokenizers\` knows.
 * Written by scripts/unicode.ts.
 */

/** Numbers of assigned and of unassigned code points in turn, from U+0000 on, in base 36. */
export const UNASSIGNED =
${lines.map(line => `  '${line}'`).join(' +\n')};
`,
);
