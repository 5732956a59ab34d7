import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { CommandError } from '../../src/cli/options/command-error.ts';
import type { CommandLine, Typed } from '../../src/cli/options/command-line.ts';
import { readTyped } from '../../src/cli/options/read-typed.ts';
import { shapeOf } from '../../src/cli/options/shape.ts';
import { performUntil } from '../../src/cli/perform.ts';
import { makeProgram } from '../../src/cli/program.ts';
import { dualform, newFolder, tinyModel } from './dualform.ts';

describe('wrong use is named with what is right', () => {
  test.each([
    [['help'], "unknown command 'help'; see dualform --help"],
    [['rum'], "unknown command 'rum'; the nearest command is run"],
    [['run', '--lerning-rate', '1'], "unknown option '--lerning-rate'; the nearest option is --learning-rate"],
    [['run', '--template', 'papper'], 'did you mean paper? (choose from paper, code)'],
    [['run', '--settings', 'zero-shot,incontext'], 'unknown name "incontext"; did you mean in-context?'],
    [['run', '--settings', ''], '--settings "": needs at least one'],
    [['run', '--shots', '3.5'], '--shots 3.5: must be a whole number, at least 0'],
    [['run', '--limit', '0'], '--limit 0: must be a whole number, at least 1, or all'],
    [['run', '--learning-rate', '-1'], '--learning-rate -1: must be a number above 0'],
    [['run', '--task', 'sst3'], 'the nearest name is "sst2"'],
    [['run', '--seed'], "option '--seed <number>' argument missing; see dualform run --help"],
    [['run', 'sst2'], "too many arguments for 'run'"],
    [['run', '--model', 'smollm2-135m-instuct'], 'did you mean smollm2-135m-instruct?'],
    [['models', '--threads', 'all'], '--threads all: must be a whole number from 1 to 1024'],
    [['trace', '--tokens', '1,2'], '--out: is required'],
    [['trace', '--out', 'x'], '--tokens or --text is required'],
    [['trace', '--tokens', '1', '--text', 'a', '--out', 'x'], '--tokens and --text exclude each other'],
    [['trace', '--tokens', '1,b', '--out', 'x'], '--tokens 1,b: must be token ids separated by commas'],
    [['trace', '--tokens', '', '--out', 'x', '--model', tinyModel], '--tokens: at least one token is needed'],
    [
      ['trace', '--tokens', '257', '--out', 'x', '--model', tinyModel],
      '--tokens: token 257 is not in the vocabulary of 257',
    ],
    [['trace', '--tokens', '1', '--out', '.', '--model', tinyModel], '--out .: is a folder'],
    [
      ['trace', '--tokens', '1', '--taps', 'logit', '--out', 'x', '--model', tinyModel],
      'the nearest is logits (choose from logits',
    ],
    [['trace', '--tokens', '1', '--taps', '', '--out', 'x', '--model', tinyModel], '--taps "": needs at least one'],
    [
      ['trace', '--tokens', Array(97).fill(1).join(), '--out', 'x', '--model', tinyModel],
      '97 tokens do not fit the context of 96',
    ],
    [['score', '--prompt', 'a', '--labels', ' a,, b'], '--labels " a,, b": label 2 is empty'],
    [['train', '--momentum', '1'], '--momentum 1: must be a number from 0 to below 1'],
    [['train', '--momentum', '0.1,-0.2'], '--momentum 0.1,-0.2: must be a number from 0 to below 1'],
    [['train', '--momentum', '0.1,0.2'], '--momentum 0.1,0.2: must have an entry for each of 4 layers'],
    [['train', '--momentum', '1e-1,.2;0,0.3', '--layers', '2'], 'a list of them one for each of 4 heads'],
    [['train', '--hidden-size', '100', '--heads', '3'], '--heads 3: must divide --hidden-size 100'],
    [['train', '--preset', 'smal'], 'did you mean small? (choose from tiny, small, paper-350m)'],
    [['train', '--vocabulary', '90000'], '--vocabulary 90000: must be from 257 to 30000'],
    [['completion', 'tcsh'], 'bash, zsh, fish, powershell'],
  ])('%j', async (args, message) => {
    const wrong = await makeProgram(performUntil(new AbortController().signal))
      .parseAsync(args, { from: 'user' })
      .catch(error => error);
    expect(wrong).toBeInstanceOf(CommandError);
    expect(wrong.message).toContain(message);
    expect(wrong.exitCode).toBe(2);
  });

  test.each([[['run', '--seeed', '1']], [['trace', '--tokens', '1', '--out', '.', '--model', tinyModel]]])(
    '%j is one line on stderr and exit 2',
    async args => {
      const { exitCode, stdout, stderr } = await dualform(args);
      expect(stderr).toMatch(/^dualform: [^\n]+\n$/);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    },
  );

  test.each([
    ['dualform', 'run'],
    ['npx dualform', 'exec'],
  ])('without a command the help is shown, and what to begin with, as it is typed: %s', async (command, npm) => {
    const { exitCode, stdout, stderr } = await dualform([], { env: { npm_command: npm } });
    expect(stderr).toContain('Usage: dualform');
    const [, begin] = stderr.split('Begin with:\n');
    const lines = [...begin!.matchAll(/^ {2}\$ (.+)$/gm)].map(([, line]) => line!);
    expect(lines.map(line => line.startsWith(`${command} `))).toEqual([true, true, true]);
    for (const line of lines) {
      let typed = '';
      const program = makeProgram(async line => {
        typed = line.name;
      });
      await program.parseAsync(line.replace(/^(?:npx )?dualform /, '').split(' '), { from: 'user' });
      expect(['run', 'doctor']).toContain(typed);
    }
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  });
});

test('a job that fails ends with 1, its trace only with --debug', async () => {
  const args = ['trace', '--model', tinyModel, '--text', 'words', '--out', 'x'];
  const plain = await dualform(args);
  expect(plain.exitCode).toBe(1);
  expect(plain.stderr).toMatch(/^dualform: --text: [^\n]+ has no tokenizer.json next to it; give token ids\n$/);
  const debugged = await dualform([...args, '--debug']);
  expect(debugged.exitCode).toBe(1);
  expect(debugged.stderr).toMatch(/\n {4}at /);
});

describe('help and completion load', () => {
  const src = fileURLToPath(new URL('../../src/', import.meta.url));

  /** Files below src and packages that modules load at once; types load nothing. */
  function loadedBy(files: readonly string[]): {
    readonly files: readonly string[];
    readonly packages: readonly string[];
  } {
    const loaded = new Set<string>();
    const packages = new Set<string>();
    const load = (file: string) => {
      if (loaded.has(file)) return;
      loaded.add(file);
      const text = readFileSync(file, 'utf8');
      for (const [, from] of text.matchAll(/^(?:import|export) (?!type )[^;]*?from '([^']+)';/gm)) {
        if (from!.startsWith('.')) load(join(dirname(file), from!));
        else packages.add(from!);
      }
    };
    for (const file of files) load(join(src, file));
    return { files: [...loaded].map(file => relative(src, file).replaceAll('\\', '/')), packages: [...packages] };
  }

  /** What command.ts, program.ts and complete.ts load later: schemas and what makes options of them. */
  const later = [
    'cli/program.ts',
    'cli/completion/complete.ts',
    ...COMMANDS.map(({ name }) => `cli/${name}/command.ts`),
  ]
    .flatMap(file => {
      const text = readFileSync(join(src, file), 'utf8');
      return [...text.matchAll(/import\('([^']+)'\)/g)].map(([, from]) => join(dirname(file), from!));
    })
    .concat('cli/completion/complete.ts');

  test('no schema for the list of commands', () => {
    const { files, packages } = loadedBy(['cli/main.ts']);
    expect(files.length).toBeGreaterThan(20);
    expect(packages).toContain('commander');
    expect(packages).not.toContain('zod');
  });

  test('nothing that computes for the options of any command', () => {
    expect(later.length).toBeGreaterThan(10);
    const { files, packages } = loadedBy(['cli/main.ts', ...later]);
    const light = ['zod', 'commander', 'fastest-levenshtein', '@bomb.sh/tab'];
    expect(packages.filter(name => !name.startsWith('node:') && !light.includes(name))).toEqual([]);
    expect(files.filter(file => /^(?:graph|runtime|tokenizer|model|observe|theory)\//.test(file))).toEqual([]);
  });
});

test.each([
  [['trace', '--memory-tokens', '1,2', '--tokens', '3', '--out', 'x'], { prefixTokens: [1, 2] }],
  [['trace', '--memory-text', 'a', '--tokens', '3', '--out', 'x'], { prefixText: 'a' }],
  [['run', '--document-start', '<s>'], { bos: '<s>' }],
  [['train', '--width', '64'], { hiddenSize: 64 }],
  [['momentum', '--width', '64', '--judged', '900'], { hiddenSize: 64, evaluationTokens: 900 }],
  [['theory', '--chapter', '2'], { chapters: ['2'] }],
])('%j, of the version before, is read but shown neither in help nor in completion', async (args, options) => {
  let heard: { readonly line: CommandLine; readonly typed: Typed } | undefined;
  const program = makeProgram(async (line, typed) => {
    heard = { line, typed };
  });
  await program.parseAsync(args, { from: 'user' });
  expect(readTyped(await shapeOf(heard!.line), heard!.typed.options)).toMatchObject(options);
  const old = args.filter(word => /^--(?:memory|document-start|width|judged|chapter$)/.test(word));
  expect(old.length).toBeGreaterThan(0);
  const help = program.commands.find(command => command.name() === args[0])!.helpInformation();
  const completed = (await dualform(['complete', '--', args[0]!, '--'])).stdout;
  expect(completed).toContain('--json');
  for (const flag of old) {
    expect(help).not.toMatch(new RegExp(`${flag} `));
    expect(completed).not.toMatch(new RegExp(`^${flag}\\b(?!-|s)`, 'm'));
  }
});

test.each([['models'], ['tasks'], ['doctor']])(
  '%s --json prints one document on stdout and nothing on stderr with --quiet',
  async command => {
    const { exitCode, stdout, stderr } = await dualform([command, '--json', '--quiet']);
    expect(JSON.parse(stdout)).toBeTypeOf('object');
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
  },
);

test('doctor names each device and its speed, or why it is not there, and what a closed network needs', async () => {
  const { checks } = JSON.parse((await dualform(['doctor', '--json', '--threads', '1'])).stdout);
  const found = Object.fromEntries(checks.map(({ name, found }: { name: string; found: string }) => [name, found]));
  expect(found['device cpu']).toMatch(/^.+: 1 thread, [\d.,]+ GFLOP\/s in a matrix product$/);
  for (const device of ['webgpu', 'cuda']) {
    expect(found[`device ${device}`]).toMatch(/^(multiplies correctly, .*GFLOP\/s|device \w+ is not there: .+)/);
  }
  expect(found.onnxruntime).toContain('ONNXRUNTIME_NODE_INSTALL=skip');
});

test('models and tasks say origin, licence and size', async () => {
  const models = JSON.parse((await dualform(['models', '--json'])).stdout);
  expect(models.models[0]).toMatchObject({ name: 'smollm2-135m-instruct', licence: 'Apache-2.0', bytes: 98_362_432 });
  const { tasks } = JSON.parse((await dualform(['tasks', '--json'])).stdout);
  expect(tasks.map((task: { name: string }) => task.name)).toEqual(['sst2', 'sst5', 'mr', 'subj', 'agnews', 'cb']);
  expect(tasks[5]).toMatchObject({ trainRows: 250, evaluationRows: 56, labels: [' True', ' False', ' Neither'] });
  const text = (await dualform(['tasks'])).stdout;
  for (const { title, licence } of tasks) {
    expect(text).toContain(title);
    expect(text).toContain(licence);
  }
});

describe('completion', () => {
  test('of commands, options and values', async () => {
    const complete = async (...words: string[]) => (await dualform(['complete', '--', ...words])).stdout;
    expect(await complete('tr')).toMatch(/^trace\t/m);
    expect(await complete('run', '--learn')).toMatch(/^--learning-rate\t/m);
    expect(await complete('run', '--task', 'sst')).toMatch(/^sst2\s*\nsst5/m);
  });

  test.each(['bash', 'zsh', 'fish', 'powershell'])('script for %s', async shell => {
    const { stdout, exitCode } = await dualform(['completion', shell]);
    expect(stdout).toContain('dualform');
    expect(exitCode).toBe(0);
  });
});

test('a cache folder that cannot be written is found by doctor, which says what to do', async () => {
  const { exitCode, stdout } = await dualform(['doctor'], { env: { DUALFORM_CACHE: '/dev/null/cache' } });
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(
    /^WRONG {3}cache folder {2,}\/dev\/null\/cache cannot be written \(ENOTDIR\)\n +-> set .*DUALFORM_CACHE/m,
  );
});

test('an error is one line without control characters, whatever is in the file that it tells of', async () => {
  const folder = await newFolder();
  await writeFile(join(folder, 'config.json'), '{"model_type": "a\\u001b[2J\\nb\\u202ec"}');
  await writeFile(join(folder, 'model.safetensors'), Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d]));
  const { stderr, exitCode } = await dualform([
    'trace',
    '--model',
    folder,
    '--tokens',
    '1',
    '--out',
    join(folder, 'x'),
  ]);
  expect(exitCode).toBe(1);
  expect(stderr.split('\n').slice(-2)[0]).toMatch(
    /^dualform: .*models of family 'a\\u001b\[2J\\nb c' are not supported/,
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not reach a terminal
  expect(stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\u202e]/);
});
