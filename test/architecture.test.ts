import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import pkg from '../package.json' with { type: 'json' };
import { drawArchitecture } from '../scripts/architecture.ts';
import {
  fileEdges,
  importCircles,
  importsIn,
  moduleImports,
  moduleOf,
  reachable,
  sourceFiles,
  sourceImports,
} from '../scripts/source-imports.ts';
import { tableRows } from './markdown-table.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const src = path.join(root, 'src');
const page = readFileSync(path.join(root, 'docs/architecture.md'), 'utf8');

const files = sourceFiles();
const imports = sourceImports();

/** The modules that each module imports, from the table `| module | imports |`, lowest first. */
const table = new Map(
  tableRows(page, '| module | imports |').map(([module, names]) => [
    module!,
    names === 'nothing' ? [] : names!.split(', '),
  ]),
);
const modules = [...table.keys()];
const actual = moduleImports(modules);

test('the reader sees every form of import', () => {
  const text = [
    "import { a,\n  type B } from '../graph/a.ts';",
    "import type { C } from '../model/c.ts';",
    "import '../task/d.ts';",
    "export * from '../setting/e.ts';",
    "export type { F } from './f.ts';",
    "const g = await import('../metric/g.ts');",
    "import * as z from 'zod';",
  ].join('\n');
  expect(importsIn('cli/x.ts', text).map(({ target, from, typeOnly }) => [target ?? from, typeOnly])).toEqual([
    ['graph/a.ts', false],
    ['model/c.ts', true],
    ['task/d.ts', false],
    ['setting/e.ts', false],
    ['cli/f.ts', true],
    ['metric/g.ts', false],
    ['zod', false],
  ]);
  expect(imports.length).toBeGreaterThan(200);
});

test('every path leads to a file of src', () => {
  const lost = imports.filter(({ target }) => target !== undefined && !existsSync(path.join(src, target)));
  expect(lost).toEqual([]);
});

describe('modules', () => {
  test('the table in docs/architecture.md lists every folder of src', () => {
    const folders = readdirSync(src, { withFileTypes: true }).filter(entry => entry.isDirectory());
    expect([...modules].sort()).toEqual(folders.map(folder => folder.name).sort());
  });

  test.each(modules)('%s imports what the table says', module => {
    expect(actual.get(module)).toEqual(table.get(module));
  });

  test.each(modules)('%s imports only modules above it in the table', module => {
    const lower = modules.slice(0, modules.indexOf(module));
    expect(actual.get(module)!.filter(other => !lower.includes(other))).toEqual([]);
  });

  test.each(modules)('%s reaches only modules above it over files outside the modules', module => {
    const lower = modules.slice(0, modules.indexOf(module));
    const outside = imports.flatMap(({ file, target }) =>
      moduleOf(file) === module && target !== undefined && moduleOf(target) === undefined ? [target] : [],
    );
    const reached = [...reachable(outside, fileEdges(imports))].map(moduleOf);
    expect([...new Set(reached)].filter(other => other !== undefined && !lower.includes(other))).toEqual([]);
  });

  test('docs/architecture.svg is what scripts/architecture.ts draws', () => {
    const drawn = readFileSync(path.join(root, 'docs/architecture.svg'), 'utf8');
    expect(drawn, 'run `npx tsx scripts/architecture.ts`').toBe(drawArchitecture());
  });

  test('graph imports nothing but error.ts from outside', () => {
    const foreign = imports.filter(
      ({ file, target }) => moduleOf(file) === 'graph' && moduleOf(target ?? '') !== 'graph',
    );
    expect(foreign.filter(({ target }) => target !== 'error.ts')).toEqual([]);
  });

  test.each(['metric', 'statistics'])('%s reaches no module that computes', module => {
    const reached = reachable([module], actual);
    const computing = ['runtime', 'model', 'checkpoint', 'observe', 'setting', 'task'];
    expect(computing.filter(other => reached.has(other))).toEqual([]);
  });

  test('only cli uses the terminal', () => {
    const terminal = /\bprocess\.(?:stdout|stdin|stderr|exit)\b|\bconsole\.|\breadline\b/;
    expect(files.filter(file => terminal.test(codeOf(file)) && moduleOf(file) !== 'cli')).toEqual([]);
  });
});

describe('packages', () => {
  /**
   * The module that alone may import a package. A package without a line may be imported anywhere.
   */
  const OWNERS = {
    '@bomb.sh/tab': 'cli',
    '@huggingface/hub': 'checkpoint',
    '@huggingface/tokenizers': 'tokenizer',
    bullmq: 'cell',
    cachedir: 'files',
    'cli-table3': 'cli',
    commander: 'cli',
    'csv-parse': 'task',
    'd3-scale': 'report',
    hyparquet: 'task',
    'hyparquet-compressors': 'task',
    'hyparquet-writer': 'cell',
    'js-tiktoken': 'tokenizer',
    'ml-matrix': 'study',
    open: 'cli',
    'onnxruntime-node': 'runtime',
    'onnxruntime-web': 'runtime',
    preact: 'report',
    'preact-render-to-string': 'report',
    'proper-lockfile': 'files',
    'pure-rand': 'statistics',
    tokenizers: 'tokenizer',
  } as const;

  test.each(Object.entries(OWNERS))('%s is imported in %s alone', (name, module) => {
    const users = imports.filter(({ from }) => packageOf(from) === name).map(({ file }) => moduleOf(file));
    expect([...new Set(users)]).toEqual([module]);
  });

  test('every dependency has an owner, but the few that any module may import', () => {
    // bullmq loads ioredis and pg.
    const shared = ['@dualform/smollm2-135m-instruct', 'fastest-levenshtein', 'ioredis', 'pg', 'zod'];
    const packages = Object.keys({ ...pkg.dependencies, ...pkg.peerDependencies });
    expect(packages.sort()).toEqual([...Object.keys(OWNERS), ...shared].sort());
  });
});

describe('files', () => {
  test('no files import each other in a circle, types included', () => {
    expect(importCircles(fileEdges(imports))).toEqual([]);
  });

  test('a circle is found', () => {
    const edges = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['b', 'd']],
      ['d', ['d']],
    ]);
    expect(importCircles(edges)).toEqual([['b', 'c'], ['d']]);
  });

  test('no file has more than 400 lines', () => {
    const long = ['src', 'test', 'bench', 'scripts'].flatMap(folder =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter(file => /\.tsx?$/.test(file))
        .map(file => path.join(root, folder, file))
        .filter(file => readFileSync(file, 'utf8').split('\n').length > 401),
    );
    expect(long).toEqual([]);
  });
});

describe('platforms', () => {
  /** Modules, or parts of modules, that run in Node and in a browser. */
  const ANY = [
    'graph',
    'statistics',
    'runtime',
    'checkpoint/formats',
    'checkpoint/web',
    'tokenizer',
    'model',
    'task',
    'setting',
    'observe',
    'metric',
    'theory',
    'report',
    'explore/live',
    'explore/page-data.ts',
  ];
  /** What reads files or starts processes, and what exports that. */
  const NODE_PARTS = [
    'runtime/index.ts',
    'runtime/node/',
    'task/index.ts',
    'task/open-task.ts',
    'task/own-task.ts',
    'task/rows/',
    'task/task-data.ts',
    'task/task-digest.ts',
    'task/task-file.ts',
    'tokenizer/byte-pair-trainer.ts',
    'tokenizer/fairseq.ts',
    'tokenizer/gpt2-files.ts',
    'tokenizer/index.ts',
    'tokenizer/native/',
    'tokenizer/read-tokenizer-json.ts',
    'tokenizer/tokenizer.ts',
    'tokenizer/train-tokenizer.ts',
  ];

  /** Packages that run in a browser too; every other one is for Node. */
  const PORTABLE = [
    '@huggingface/tokenizers',
    'd3-scale',
    'fastest-levenshtein',
    'js-tiktoken',
    'ml-matrix',
    'onnxruntime-web',
    'preact',
    'preact-render-to-string',
    'pure-rand',
    'zod',
  ];

  test('modules for any platform reach neither node: nor a package for Node', () => {
    const loaded = imports.filter(({ typeOnly }) => !typeOnly);
    const isStart = (file: string) =>
      ANY.some(part => file === part || file.startsWith(`${part}/`)) && !NODE_PARTS.some(part => file.startsWith(part));
    const reached = reachable(files.filter(isStart), fileEdges(loaded));
    const isNode = (from: string) => from.startsWith('node:') || !PORTABLE.includes(packageOf(from));
    const users = loaded.filter(({ file, from, target }) => reached.has(file) && target === undefined && isNode(from));
    expect([...new Set(users.map(({ file, from }) => `${file}: ${from}`))]).toEqual([]);
  });
});

/** `a/b/c` -> a, `@a/b/c` -> @a/b */
function packageOf(from: string): string {
  return from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Without comments. */
function codeOf(file: string): string {
  return readFileSync(path.join(src, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}
