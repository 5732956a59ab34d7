import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const src = fileURLToPath(new URL('../src/', import.meta.url));
const library = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map(file => file.split(path.sep).join('/'))
  .filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('cli/'));

/** Without comments. */
const code = (file: string) =>
  readFileSync(path.join(src, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '');

/** Flags of other programs, and who reads them. */
const FLAGS_OF_OTHERS: Readonly<Record<string, string>> = {
  '--disable-warning': 'Node',
  '--expose-gc': 'Node',
  '--import': 'Node',
  '--max-old-space-size': 'Node',
  '--pre-tokenizer': 'gguf-new-metadata of the Python package gguf',
};

/** Writes the command that repeats a run, for people to copy. */
const WRITES_COMMANDS = 'report/run/repeat-command.ts';

/** Custom properties of CSS: `--ink:#000`, `--s${i}:`, `var(--ink)`. */
const PROPERTIES = /var\(--[\w-]+|--[a-z][\w-]*(?=:|\$\{)/g;

/** Flags in the string literals and templates of a text. */
function flagsIn(text: string): string[] {
  const strings = text.match(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g) ?? [];
  return strings.flatMap(each => each.replaceAll(PROPERTIES, '').match(/(?<![\w-])--[a-z][a-z-]*/g) ?? []);
}

test('flags in literals are found', () => {
  const text = ['`a; give --out`', `'--x=1'`, '"--y"', 'i--'].join('; ');
  expect(flagsIn(text)).toEqual(['--out', '--x', '--y']);
});

test('the library knows no flag of the command line', () => {
  const found = library
    .filter(file => file !== WRITES_COMMANDS)
    .flatMap(file => flagsIn(code(file)).map(flag => `${file}: ${flag}`));
  expect(found.filter(each => !(each.split(': ')[1]! in FLAGS_OF_OTHERS))).toEqual([]);
});

test('the library knows no exit code', () => {
  expect(library.filter(file => /exitCode/.test(code(file)))).toEqual([]);
});
