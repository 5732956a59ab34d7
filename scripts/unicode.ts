/**
 * Writes `src/tokenizer/javascript/unicode-tables.ts`, where the versions of Unicode that the Rust
 * library `tokenizers` knows differ from that of this engine, which must be a later one:
 *
 *     npx tsx scripts/unicode.ts
 */
import { writeFileSync } from 'node:fs';
import { differentlyNormalized, EVERY, NORMAL_FORMS, nativeClass } from '../test/reference/unicode-classes.ts';

/** Numbers of code points outside and inside of a set in turn. */
function runLengths(codes: ReadonlySet<number>): readonly number[] {
  const lengths: number[] = [];
  let start = 0;
  let within = false;
  for (let code = 0; code <= 0x110000; code++) {
    if (codes.has(code) === within && code < 0x110000) continue;
    lengths.push(code - start);
    start = code;
    within = !within;
  }
  return lengths;
}

function literal(codes: ReadonlySet<number>): string {
  const lines = runLengths(codes)
    .map(length => length.toString(36))
    .join(' ')
    .match(/.{1,90}(?: |$)/g)!;
  return lines.map(line => `  '${line}'`).join(' +\n');
}

const normalized = new Set(NORMAL_FORMS.flatMap(form => [...differentlyNormalized(form)]));

writeFileSync(
  new URL('../src/tokenizer/javascript/unicode-tables.ts', import.meta.url),
  `/**
 * @file What the versions of Unicode say that the Rust library \`tokenizers\` knows. Each table holds
 * numbers of code points outside and inside of a set in turn, from U+0000 on, in base 36. Written by
 * scripts/unicode.ts.
 */

/** The characters that are unassigned in Unicode 16, which its patterns follow. */
export const UNASSIGNED =
${literal(nativeClass('\\p{Cn}', EVERY))};

/** The characters that it normalizes, orders or composes differently: its normalizers follow an older version. */
export const DIFFERENTLY_NORMALIZED =
${literal(normalized)};
`,
);
