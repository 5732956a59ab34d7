import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { UserError } from '../error.ts';
import { openTokenizer, type Tokenizer } from '../tokenizer/tokenizer.ts';
import { openTask } from './open-task.ts';
import { buildDemonstrationSets, buildSequences, type SequenceRequest, type Sequences } from './sequence.ts';
import type { Task } from './task.ts';

const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

// Made by an independent Python program: NumPy, the Rust library `tokenizers`, BOS 0, separator
// "\n\n", seed 3.
const prefixes = [
  { task: 'sst2', context: 2048, shots: 32, prefix: 615, sha: '3ec57adeeff6f975' },
  { task: 'sst2', context: 512, shots: 22, prefix: 437, sha: '7feab659d3faa815' },
  { task: 'sst5', context: 2048, shots: 32, prefix: 883, sha: 'ac251e3556586d2b' },
  { task: 'sst5', context: 512, shots: 16, prefix: 434, sha: 'e27a097e79baa07c' },
  { task: 'mr', context: 2048, shots: 32, prefix: 1091, sha: 'c3b80bb70c0d08de' },
  { task: 'mr', context: 512, shots: 13, prefix: 416, sha: 'c8ae0dfb03a22975' },
  { task: 'subj', context: 2048, shots: 32, prefix: 1150, sha: '46f613278b3cd76e' },
  { task: 'subj', context: 512, shots: 9, prefix: 335, sha: '49266d71d4ba16ff' },
  { task: 'agnews', context: 2048, shots: 22, prefix: 1765, sha: 'cc736a5a12591f2c' },
  { task: 'agnews', context: 512, shots: 3, prefix: 215, sha: '6cf20c965e2a37c4' },
  { task: 'cb', context: 2048, shots: 19, prefix: 1755, sha: '0e4cd02bd233f342' },
  { task: 'cb', context: 512, shots: 2, prefix: 210, sha: '1a194b3040ea2ddf' },
];
const queries = [
  { task: 'sst2', n: 872, tokens: 25431, sha: '747f0010ba72ea94', rows: 'b0d497e870fbd201' },
  { task: 'sst5', n: 1101, tokens: 31114, sha: 'fad887029c1010c9', rows: '859241a69b3face0' },
  { task: 'mr', n: 1066, tokens: 32331, sha: '57b038cf92ef1e0b', rows: '0de90dda86882f6d' },
  { task: 'subj', n: 2000, tokens: 65795, sha: '5bdf661fbe4b32f7', rows: '0e1bc9cf98fb3ef2' },
  { task: 'agnews', n: 2000, tokens: 152909, sha: 'b50e48315174cefc', rows: '29df31851171fb21' },
  { task: 'cb', n: 56, tokens: 5652, sha: '02612d54a302634f', rows: '74bc8caabcff31f7' },
];

/** Encodes each text once: the tests build the same rows in several contexts. */
function rememberingEncoder({ encodeAll }: Tokenizer): Tokenizer['encodeAll'] {
  const encoded = new Map<string, number[]>();
  return texts => {
    const missing = [...new Set(texts)].filter(text => !encoded.has(text));
    for (const [i, tokens] of encodeAll(missing).entries()) encoded.set(missing[i]!, tokens);
    return texts.map(text => encoded.get(text)!);
  };
}

describe('SmolLM2 on the embedded tasks', () => {
  let tokenizer: Tokenizer;
  let separator: readonly number[];
  beforeAll(async () => {
    const file = fileURLToPath(import.meta.resolve('@dualform/smollm2-135m-instruct/model.gguf'));
    const opened = await openTokenizer({ kind: 'gguf', file });
    tokenizer = { ...opened, encodeAll: rememberingEncoder(opened) };
    separator = tokenizer.encode('\n\n');
  });
  const opened = new Map<string, Promise<Task>>();
  const build = async (name: string, context: number) => {
    if (!opened.has(name)) opened.set(name, openTask(name));
    const task = await opened.get(name)!;
    const shots = task.defaultShots;
    return buildSequences({ task, tokenizer, bos: 0, separator, shots, seed: 3, context });
  };

  test.each(prefixes)('prefix of $task in $context tokens', async ({ task, context, shots, prefix, sha }) => {
    const { prefixTokens, ...rest } = await build(task, context);
    expect({ shots: rest.shots, prefix: prefixTokens.length, sha: digest(prefixTokens) }).toEqual({
      shots,
      prefix,
      sha,
    });
  });

  test.each(['sst2', 'cb'])('sets of demonstrations of %s: no row in two, the first as in a run', async name => {
    const { demonstrations, prefixTokens, finetuning, shots } = await build(name, 2048);
    const task = await opened.get(name)!;
    const request = { task, tokenizer, bos: 0, separator, shots, seed: 3, context: 2048 };
    const sets = buildDemonstrationSets(request, 6);
    expect(sets).toHaveLength(6);
    expect(sets[0]).toEqual({ demonstrations, prefixTokens, finetuning });
    const rows = sets.flatMap(set => set.demonstrations.map(({ row }) => row));
    expect(rows.length).toBeGreaterThan(5 * shots);
    expect(new Set(rows).size).toBe(rows.length);
    const most = Math.floor(task.trainRows / 100);
    expect(buildDemonstrationSets({ ...request, shots: 100 }, most + 1)).toHaveLength(most);
  });

  test.each(queries)('queries of $task', async ({ task, n, tokens, sha, rows }) => {
    const sequences = await build(task, 8192);
    expect(sequences.queries).toHaveLength(n);
    expect(sequences.queries.reduce((sum, query) => sum + query.tokens.length, 0)).toBe(tokens);
    expect(digest(sequences.queries.map(query => query.tokens))).toBe(sha);
    expect(digest(sequences.queries.map(query => query.row))).toBe(rows);
  });

  test('every label word of the six tasks is one token', async () => {
    for (const { task } of queries) {
      for (const word of (await openTask(task)).labels) expect(tokenizer.encode(word)).toHaveLength(1);
    }
  });
});

describe('buildSequences', () => {
  // One token a character.
  const encode = (text: string) => Array.from(text, character => character.charCodeAt(0));
  const tokenizer = { encode, encodeAll: (texts: readonly string[]) => texts.map(encode) };
  const makeTask = (train: readonly string[], evaluation: readonly string[]): Task => {
    const rows = (texts: readonly string[]) => texts.map((text, id) => ({ id, fields: { text }, label: id % 2 }));
    return {
      name: 'toy',
      title: 'toy',
      licence: null,
      digest: '',
      template: '{text}:',
      fields: ['text'],
      labels: [' n', ' yes'],
      defaultShots: 1,
      trainRows: train.length,
      evaluationRows: evaluation.length,
      warnings: [],
      prompt: row => `${row.fields.text}:`,
      train: () => rows(train),
      evaluation: () => rows(evaluation),
    };
  };
  const task = makeTask(['aa', 'bbb', 'cccc', 'd'], ['xxxxx', 'y', 'zz']);
  const request: SequenceRequest = {
    task,
    tokenizer,
    bos: 1,
    separator: [2, 3],
    shots: 4,
    seed: 5,
    context: 100,
  };
  const text = (tokens: readonly number[]) => String.fromCharCode(...tokens);

  test('puts the separator after each demonstration, the last one too', () => {
    const { prefixTokens, demonstrations, finetuning, labelTokens, queries } = buildSequences({ ...request, shots: 2 });
    // numpy.random.default_rng(5).permutation(4) = 3 1 2 0
    expect(demonstrations.map(demonstration => demonstration.row)).toEqual([3, 1]);
    expect(text(prefixTokens)).toBe('\x01d: yes\x02\x03bbb: yes\x02\x03');
    expect(finetuning.map(text)).toEqual(['\x01d: yes', '\x01bbb: yes']);
    expect(labelTokens.map(text)).toEqual([' n', ' yes']);
    expect(queries.map(query => text(query.tokens))).toEqual(['xxxxx:', 'y:', 'zz:']);
    for (const { tokens, start, promptLength, label } of demonstrations) {
      expect(prefixTokens.slice(start, start + tokens.length)).toEqual(tokens);
      expect(text(tokens.slice(promptLength))).toBe([' n', ' yes'][label]);
    }
  });

  test('adds demonstrations while prefix, demonstration and longest example stay below the context', () => {
    fc.assert(
      fc.property(fc.integer({ min: 30, max: 80 }), fc.nat({ max: 100 }), (context, seed) => {
        const longest = 1 + 'xxxxx:'.length + ' yes'.length;
        const all = buildSequences({ ...request, seed, context: 1000 });
        let length = 1;
        let fit = 0;
        for (const { tokens } of all.demonstrations) {
          length += tokens.length + 2;
          if (length + longest >= context) break;
          fit++;
        }
        const { shots, shotsAsked, finetuning, demonstrations } = buildSequences({ ...request, seed, context });
        expect([shots, finetuning.length, shotsAsked]).toEqual([fit, fit, 4]);
        expect(demonstrations).toEqual(all.demonstrations.slice(0, fit));
      }),
    );
  });

  test('stops at the first that does not fit, though a later one would', () => {
    const long = makeTask(['a', 'b'.repeat(50), 'c', 'd'], ['y']);
    for (const seed of [1, 2, 3, 4]) {
      const rows = buildSequences({ ...request, task: long, seed, context: 1000 }).demonstrations.map(d => d.row);
      if (rows[0] === 1) continue;
      const { demonstrations } = buildSequences({ ...request, task: long, seed, context: 50 });
      expect(demonstrations.map(d => d.row)).toEqual(rows.slice(0, rows.indexOf(1)));
    }
  });

  test('a limit shortens the queries and leaves the demonstrations', () => {
    const whole = buildSequences(request);
    const limited = buildSequences({ ...request, limit: 1 });
    expect(limited).toEqual({ ...whole, queries: whole.queries.slice(0, 1) } satisfies Sequences);
  });

  test('classifies other rows when asked', () => {
    const { queries } = buildSequences({ ...request, queries: [{ id: 9, fields: { text: 'own' }, label: 1 }] });
    expect(queries).toEqual([{ row: 9, label: 1, tokens: tokenizer.encode('own:') }]);
  });

  test('no shots: the prefix is the BOS', () => {
    expect(buildSequences({ ...request, shots: 0 })).toMatchObject({ prefixTokens: [1], finetuning: [], shots: 0 });
  });

  test.each([
    ['more shots than rows', { shots: 5 }, /only 4 training rows/],
    ['half a shot', { shots: 0.5 }, /shots 0.5/],
    ['a limit of nothing', { limit: 0 }, /limit 0/],
    ['a negative seed', { seed: -1 }, /seed -1/],
    [
      'a context that is too short',
      { context: 18 },
      /too short for one demonstration: evaluation row \d+ \(counted from 0\) takes \d+ tokens, training row \d+ \d+; shorten/,
    ],
    [
      'a query that does not fit',
      { context: 60, queries: [{ id: 7, fields: { text: 'q'.repeat(60) }, label: 0 }] },
      /row 7/,
    ],
    ['labels of the same tokens', { task: { ...task, labels: [' n', ' n'] } }, /same tokens/],
    ['a label without tokens', { task: { ...task, labels: [' n', ''] } }, /has no tokens/],
    ['a prompt without tokens', { task: { ...task, prompt: () => '' } }, /prompt of row 0 has no tokens/],
  ])('refuses %s', (_, change, message) => {
    expect(() => buildSequences({ ...request, ...change })).toThrow(message);
    expect(() => buildSequences({ ...request, ...change })).toThrow(UserError);
  });
});
