import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const src = path.join(root, 'src');

interface Import {
  /** Below `src/`, with forward slashes. */
  readonly file: string;
  readonly module: string;
  /** As written: a path or a package. */
  readonly from: string;
  /** The module that a path leads to; undefined for packages and for files that stand in no module. */
  readonly target: string | undefined;
}

/** Static and dynamic imports, and re-exports. */
const IMPORT = /\b(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g;

function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map(match => {
    const from = match[1] ?? match[2]!;
    const target = from.startsWith('.') ? path.posix.normalize(path.posix.join(path.posix.dirname(file), from)) : '';
    return { file, module: moduleOf(file)!, from, target: moduleOf(target) };
  });
}

function moduleOf(file: string): string | undefined {
  return file.includes('/') ? file.split('/')[0] : undefined;
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map(file => file.split(path.sep).join('/'))
  .filter(file => file.endsWith('.ts') && !file.endsWith('.test.ts'));
const imports = files
  .filter(file => moduleOf(file) !== undefined)
  .flatMap(file => importsOf(file, readFileSync(path.join(src, file), 'utf8')));

/** Rooms that each module imports, from the table `| module | imports |`, in its order. */
const table = new Map(
  tableRows(readFileSync(path.join(root, 'docs', 'architecture.md'), 'utf8'), '| module | imports |').map(row => [
    row[0]!,
    namesIn(row[1]!),
  ]),
);

function tableRows(text: string, head: string): string[][] {
  const lines = text.split('\n');
  const start = lines.indexOf(head);
  const end = lines.findIndex((line, i) => i > start && !line.startsWith('|'));
  return lines.slice(start + 2, end).map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.replaceAll('`', '').trim()),
  );
}

function namesIn(cell: string): string[] {
  return cell === 'nothing' ? [] : cell.split(', ');
}

function importedBy(module: string): string[] {
  const found = imports.filter(each => each.module === module && each.target !== undefined && each.target !== module);
  return [...new Set(found.map(each => each.target!))];
}

const modules = [...table.keys()];
const inTableOrder = (names: readonly string[]) => [...names].sort((a, b) => modules.indexOf(a) - modules.indexOf(b));

describe('docs/architecture.md', () => {
  test('the expression for imports sees every form of them', () => {
    const text = [
      "import { a,\n  type B } from '../graph/a.ts';",
      "import type { C } from '../model/c.ts';",
      "import '../task/d.ts';",
      "export * from '../setting/e.ts';",
      "export { f } from './f.ts';",
      "const g = await import('../metric/g.ts');",
      "import { z } from 'zod';",
    ].join('\n');
    expect(importsOf('cli/x.ts', text).map(each => each.target ?? each.from)).toEqual([
      'graph',
      'model',
      'task',
      'setting',
      'cli',
      'metric',
      'zod',
    ]);
    expect(imports.length).toBeGreaterThan(200);
  });

  test('every module stands in the table, and no other', () => {
    const folders = readdirSync(src, { withFileTypes: true }).filter(entry => entry.isDirectory());
    expect([...modules].sort()).toEqual(folders.map(folder => folder.name).sort());
  });

  test.each(modules)('%s imports what the table says', module => {
    expect(inTableOrder(importedBy(module))).toEqual(inTableOrder(table.get(module)!));
  });

  test.each(modules)('%s imports only what stands before it in the table', module => {
    const before = modules.slice(0, modules.indexOf(module));
    expect(before).toEqual(expect.arrayContaining(importedBy(module)));
  });

  test.each(modules)('every import of %s leads to a file of src', module => {
    const paths = imports.filter(each => each.module === module && each.from.startsWith('.'));
    const lost = paths.filter(({ file, from }) => {
      const whole = path.join(src, path.dirname(file), from);
      return !whole.startsWith(src) || !existsSync(whole);
    });
    expect(lost).toEqual([]);
  });

  test('outside of its module, graph knows error.ts alone', () => {
    const foreign = imports.filter(each => each.module === 'graph' && each.target !== 'graph');
    expect(foreign.filter(each => !/^(\.\.\/)+error\.ts$/.test(each.from))).toEqual([]);
  });

  test.each(['metric', 'statistics'])('%s knows neither runtime nor model', module => {
    const known = reachable(module);
    for (const other of ['runtime', 'model', 'checkpoint', 'observe', 'setting', 'task']) {
      expect(known).not.toContain(other);
    }
  });

  test.each([
    ['onnxruntime-node', 'runtime'],
    ['@huggingface/tokenizers', 'tokenizer'],
    ['proper-lockfile', 'files'],
    ['commander', 'cli'],
    ['cli-table3', 'cli'],
    ['js-tiktoken', 'tokenizer'],
    ['tokenizers', 'tokenizer'],
    ['@huggingface/hub', 'checkpoint'],
    ['@bomb.sh/tab', 'cli'],
    ['ml-matrix', 'study'],
    ['@observablehq/plot', 'report'],
    ['linkedom', 'report'],
    ['csv-parse', 'task'],
    ['hyparquet', 'task'],
    ['hyparquet-compressors', 'task'],
  ])('%s is imported in %s alone', (name, module) => {
    const users = imports.filter(({ from }) => from === name || from.startsWith(`${name}/`));
    expect(users.filter(user => user.module !== module)).toEqual([]);
  });

  test('only cli speaks to the terminal', () => {
    const speech = /\bprocess\.(?:stdout|stdin|stderr|exit)\b|\bconsole\.|\breadline\b/;
    expect(files.filter(file => speech.test(code(file)) && moduleOf(file) !== 'cli')).toEqual([]);
  });
});

function reachable(module: string, seen = new Set<string>()): Set<string> {
  for (const next of importedBy(module)) {
    if (!seen.has(next)) reachable(next, seen.add(next));
  }
  return seen;
}

/** Without comments. */
function code(file: string): string {
  return readFileSync(path.join(src, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}
