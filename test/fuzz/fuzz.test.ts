import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserError } from '../../src/error.ts';
import { inputOf, tryInput } from './campaign.ts';
import type { Format } from './format.ts';
import { formats } from './formats/index.ts';

// A slice of what `npm run fuzz` does.
const INPUTS = 100;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dualform-fuzz-'));
  process.env.DUALFORM_CACHE = join(folder, 'cache');
});
afterAll(() => {
  delete process.env.DUALFORM_CACHE;
  rmSync(folder, { recursive: true });
});

test.each(formats)('$name: damaged files are read or refused with one line, at once', async format => {
  const count = { accepted: 0, refused: 0 };
  const findings: string[] = [];
  for (let i = 0; i < INPUTS; i++) {
    const outcome = await tryInput(format, inputOf(format, 41, i), folder);
    if (outcome.kind === 'finding') findings.push(`input ${i}: ${outcome.what}`);
    else count[outcome.kind]++;
  }
  expect(findings).toEqual([]);
  // Neither so damaged that nothing is read past the first byte, nor so little that nothing is
  // refused.
  expect(Math.min(count.accepted, count.refused)).toBeGreaterThan(INPUTS / 50);
});

const fake = (parts: Partial<Format>): Format => ({
  name: 'fake',
  mutant: () => Buffer.alloc(1),
  read: () => 1,
  ...parts,
});
const whatOf = async (parts: Partial<Format>, longest?: number) => {
  const outcome = await tryInput(fake(parts), Buffer.alloc(1), folder, longest);
  return outcome.kind === 'finding' ? outcome.what : outcome.kind;
};

test('the campaign distinguishes refusals, crashes, and files that only one reader accepts', async () => {
  const fails = (error: Error) => () => {
    throw error;
  };
  expect(await whatOf({})).toBe('accepted');
  expect(await whatOf({ read: fails(new UserError('no')) })).toBe('refused');
  expect(await whatOf({ read: fails(new TypeError('x is not a function')) })).toMatch(/^crash: TypeError/);
  expect(await whatOf({ read: fails(Object.assign(new UserError('a'), { message: 'a\nb' })) })).toMatch(
    /^message of several lines/,
  );
  expect(await whatOf({ strict: fails(new Error('refused')) })).toMatch(/^taken, but refused by a strict reader/);
  const slow = () => new Promise(resolve => setTimeout(resolve, 40));
  expect(await whatOf({ read: slow }, 20)).toMatch(/^slow: \d+ ms/);
});

test('the same seed, format and index give the same bytes', () => {
  for (const format of formats) {
    expect(inputOf(format, 5, 3)).toEqual(inputOf(format, 5, 3));
    expect(inputOf(format, 5, 3)).not.toEqual(inputOf(format, 6, 3));
  }
});
