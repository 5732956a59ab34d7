import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CommandLine, Typed } from '../src/cli/options/command-line.ts';
import { readTyped } from '../src/cli/options/read-typed.ts';
import { shapeOf } from '../src/cli/options/shape.ts';
import { makeProgram } from '../src/cli/program.ts';
import { openTask, TASK_NAMES } from '../src/task/open-task.ts';
import { tableRows } from './markdown-table.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const run = promisify(execFile);

const pages = ['README.md', 'CONTRIBUTING.md', ...readdirSync(path.join(root, 'docs')).map(name => `docs/${name}`)]
  .filter(page => page.endsWith('.md') && existsSync(path.join(root, page)))
  .map(page => ({ page, text: readFileSync(path.join(root, page), 'utf8') }));

interface Block {
  /** Its first line, as `docs/library.md:12`. */
  readonly where: string;
  readonly language: string;
  readonly code: string;
}

function blocksOf({ page, text }: (typeof pages)[number]): Block[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(({ index, 1: language, 2: code }) => ({
    where: `${page}:${text.slice(0, index).split('\n').length}`,
    language: language!,
    code: code!,
  }));
}

const blocks = pages.flatMap(blocksOf);
const programs = blocks.filter(({ language }) => language === 'ts');

/** The anchor that GitHub makes of a heading. */
function anchorOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '');
}

function anchorsIn(text: string): string[] {
  const headings = text.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/^#{1,6} (.+)$/gm);
  return [...headings].map(([, heading]) => anchorOf(heading!));
}

describe('prose', () => {
  /** Headings, tables, images, formulas and indented code may be longer. */
  const free = /^(?:#|\||!\[|\$\$|<!--| {4})/;
  const manuals = ['test/golden/README.md', 'packages/smollm2-135m-instruct/README.md'].map(page => ({
    page,
    text: readFileSync(path.join(root, page), 'utf8'),
  }));

  test.each([...pages, ...manuals])('$page: no line has more than 100 columns', ({ text }) => {
    const written = text
      .replaceAll(/^```[\s\S]*?^```$/gm, '')
      .replaceAll(/^<!-- (.+): begin -->$[\s\S]*?^<!-- \1: end -->$/gm, '');
    expect(written.split('\n').filter(line => [...line].length > 100 && !free.test(line))).toEqual([]);
  });
});

describe('paths in the text', () => {
  const roots = ['', 'src/'];
  const NAMED_FILE = /`([a-z]+\/[\w./-]+\.(?:ts|js|py|md|svg))`/g;
  const named = pages.flatMap(({ page, text }) =>
    [...text.matchAll(NAMED_FILE)].map(match => ({ page, file: match[1]! })),
  );

  test('are found', () => expect(named.length).toBeGreaterThan(30));

  test.each(named)('$page: $file exists', ({ file }) => {
    expect(roots.some(folder => existsSync(path.join(root, folder, file)))).toBe(true);
  });
});

describe('links', () => {
  const links = pages.flatMap(({ page, text }) =>
    [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(match => ({ page, link: match[1]! })),
  );
  const relative = links.filter(({ link }) => !/^[a-z]+:/i.test(link));

  test('are found', () => expect(relative.length).toBeGreaterThan(10));

  test.each(relative)('$page -> $link', ({ page, link }) => {
    const [target, anchor] = link.split('#') as [string, string?];
    const file = target === '' ? page : path.posix.join(path.posix.dirname(page), target);
    expect(existsSync(path.join(root, file)), `there is no ${file}`).toBe(true);
    if (anchor === undefined) return;
    expect(anchorsIn(readFileSync(path.join(root, file), 'utf8'))).toContain(anchor);
  });
});

describe('programs', () => {
  let folder: string;
  let runner: ChildProcess;
  beforeAll(async () => {
    folder = await makeFolder();
    // Types too: an example that runs may still not compile in a strict project.
    await run(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', folder]).catch(error => {
      throw new Error(`the examples do not compile:\n${error.stdout}`);
    });
    runner = fork(path.join(folder, 'run.js'), {
      cwd: folder,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
  });
  afterAll(async () => {
    runner.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs a program once, and returns what it printed. */
  const printed = new Map<number, Promise<string>>();
  function outputOf(i: number): Promise<string> {
    const running = printed.get(i) ?? ask(i);
    printed.set(i, running);
    return running;
  }
  async function ask(i: number): Promise<string> {
    const ended = new AbortController();
    const crash = once(runner, 'exit', { signal: ended.signal }).then(
      ([code, signal]) => ({ error: `the process ended with ${signal ?? code}` }),
      () => ({}),
    );
    runner.send(i);
    const reply = once(runner, 'message', { signal: ended.signal }).then(([message]) => message as object);
    const { stdout, error } = (await Promise.race([reply, crash])) as { stdout?: string; error?: string };
    ended.abort();
    if (stdout === undefined) throw new Error(error);
    return stdout;
  }

  test.each(programs.map(({ where }, i) => ({ where, i })))('$where runs', async ({ i }) => {
    expect(await outputOf(i)).not.toBe('');
  });

  test('docs/run-folder.md names every file of a run folder and every key in it', async () => {
    await outputOf(programs.findIndex(({ code }) => code.includes("out: 'runs/example'")));
    const { text } = pages.find(({ page }) => page === 'docs/run-folder.md')!;
    const stored = await readdir(path.join(folder, 'runs/example'));
    const files = stored.filter(name => !name.startsWith('.'));
    for (const hidden of stored.filter(name => name.startsWith('.'))) expect(text).toContain(`\`${hidden}\``);
    const [, fileTable] = text.split('| file | holds | written |');
    const listed = [...fileTable!.split('\n\n')[0]!.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name);
    expect(listed.toSorted()).toEqual(files.toSorted());
    for (const file of files) {
      const content = await readFile(path.join(folder, 'runs/example', file), 'utf8');
      const objects = file.endsWith('.jsonl') ? content.trim().split('\n') : [content];
      const keys = new Set(objects.flatMap(object => Object.keys(JSON.parse(object))));
      const section = text.split(`## ${file}\n`)[1]!.split('\n## ')[0]!;
      for (const key of keys) expect(section, `${file}: ${key}`).toMatch(new RegExp(`[\`"]${key}[\`"]`));
    }
  });

  test('leave nothing open that keeps their process running', async () => {
    const ended = once(runner, 'exit');
    runner.disconnect();
    expect(await ended).toEqual([0, null]);
  });
});

/** Runs programs by their number, one after the other: the library is loaded once. */
const RUNNER = `
process.on('message', async i => {
  let stdout = '';
  const { write } = process.stdout;
  process.stdout.write = text => {
    stdout += text;
    return true;
  };
  const reply = await import('./out/' + i + '.js').then(
    () => ({ stdout }),
    error => ({ error: error?.stack ?? String(error) }),
  );
  process.stdout.write = write;
  process.send(reply);
});
`;

/**
 * A folder with all programs. In it 'dualform' is the built package, and the embedded model is
 * replaced by a tiny random one of the same family with a byte tokenizer and a longer context.
 */
async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'dualform-docs-'));
  const tiny = path.join(folder, 'smollm2-135m-instruct');
  await cp(path.join(root, 'test/fixtures/tiny-model'), tiny, { recursive: true });
  const config = JSON.parse(await readFile(path.join(tiny, 'config.json'), 'utf8'));
  await writeFile(path.join(tiny, 'config.json'), JSON.stringify({ ...config, max_position_embeddings: 4096 }));

  await mkdir(path.join(folder, 'node_modules'));
  await symlink(root, path.join(folder, 'node_modules/dualform'), 'junction');
  await symlink(path.join(root, 'node_modules/@types'), path.join(folder, 'node_modules/@types'), 'junction');
  const { extends: _, ...settings } = JSON.parse(await readFile(path.join(root, 'tsconfig.json'), 'utf8'));
  const compilerOptions = {
    ...settings.compilerOptions,
    noEmit: false,
    outDir: 'out',
    rootDir: 'in',
    declaration: false,
    allowImportingTsExtensions: false,
    noUnusedLocals: false,
    // Checks our declarations, and those that they import, as a strict project does.
    skipLibCheck: false,
  };
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['in'] }));
  await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }');
  await writeFile(path.join(folder, 'run.js'), RUNNER);
  await mkdir(path.join(folder, 'in'));
  for (const [i, { code }] of programs.entries()) {
    const local = code.replaceAll("'smollm2-135m-instruct'", JSON.stringify(tiny));
    const rate = code.includes('learningRate') ? '' : 'learningRate: 0.003, ';
    const model = `model: ${JSON.stringify(tiny)}, ${rate}`;
    await writeFile(path.join(folder, 'in', `${i}.ts`), local.replaceAll(/(runExperiment|prepare)\(\{/g, `$&${model}`));
  }
  return folder;
}

/** Commands that are run; for the others only the options are checked. */
const CHEAP = ['models', 'tasks', 'completion'];

describe('commands', () => {
  const lines = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ where, code }) =>
      code
        .replaceAll(/\\\n\s*/g, '')
        .split('\n')
        .filter(line => /^(?:npx )?dualform\b/.test(line))
        .map(line => ({ where, line })),
    );

  test('are found', () => expect(lines.length).toBeGreaterThan(3));

  test.each(lines)('$where: $line', async ({ line }) => {
    const [, ...words] = shellWords(line.replace(/^npx /, ''));
    if (words.includes('--help') || CHEAP.includes(words[0]!)) {
      const { stdout } = await run(process.execPath, [path.join(root, 'dist/cli/main.js'), ...words]);
      expect(stdout).not.toBe('');
      return;
    }
    let heard: { line: CommandLine; typed: Typed } | undefined;
    const program = makeProgram(async (line, typed) => {
      heard = { line, typed };
    });
    await program.parseAsync(words, { from: 'user' });
    expect(heard, 'no command was called').toBeDefined();
    readTyped(await shapeOf(heard!.line), heard!.typed.options);
  });
});

/** The words of a simple command line: quotes, and a comment at its end. */
function shellWords(line: string): string[] {
  const words = line.matchAll(/(?:[^\s"'#]|"[^"]*"|'[^']*')+|#.*$/g);
  return [...words]
    .map(([word]) => word)
    .filter(word => !word.startsWith('#'))
    .map(word => word.replaceAll(/["']/g, ''));
}

test('the table of README.md has every command of dualform --help, and no other', async () => {
  const readme = pages.find(({ page }) => page === 'README.md')!.text;
  const listed = tableRows(readme, '| command | does |').map(([command]) => command!.replace('dualform ', ''));
  const program = makeProgram(async () => {});
  const shown = program
    .createHelp()
    .visibleCommands(program)
    .map(command => command.name());
  expect(listed.toSorted()).toEqual(shown.filter(name => name !== 'help').toSorted());
});

describe('docs/method.md', () => {
  const method = pages.find(({ page }) => page === 'docs/method.md')!.text;
  const tasks = tableRows(
    method,
    '| task | prompt T(x) | label words by label id | shots | training rows | evaluated rows |',
  );

  test.each(TASK_NAMES)('the table describes task %s', async name => {
    const task = await openTask(name);
    const labels = task.labels.map(word => word.trim()).join(', ');
    const cells = [name, task.template, labels, task.defaultShots, task.trainRows, task.evaluationRows];
    expect(tasks.find(([task]) => task === name)).toEqual(cells.map(String));
  });

  test('lists the prompts that the paper prints differently', async () => {
    const [, printed] = method.split('| task | as the paper prints it |');
    for (const name of TASK_NAMES) {
      const { template } = await openTask(name, { template: 'paper' });
      const differs = template !== (await openTask(name)).template;
      expect(printed!.split('\n\n')[0]!.includes(`| \`${name}\` | \`${template}\` |`)).toBe(differs);
    }
  });
});
