/** @file A kind of cell that computes nothing: its options say what becomes of it. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { CellOptions } from '../../src/cell/cell.ts';
import type { CellModule } from '../../src/cell/cell-process.ts';
import type { Kinds, SweepKind } from '../../src/cell/kind.ts';
import { readSweep, type Sweep } from '../../src/cell/sweep-plan.ts';
import { sweepStore } from '../../src/cell/sweep-store.ts';
import { childModule } from '../../src/child-module.ts';
import { UserError } from '../../src/error.ts';
import type { Json } from '../../src/files/canonical-json.ts';
import { writeResult } from '../../src/files/run-folder.ts';
import { checkOptions, oneOf, option, wholeNumber } from '../../src/options.ts';

const shape = {
  seed: option(wholeNumber(0).optional(), { description: 'seed' }),
  group: option(z.string().optional(), { description: 'group' }),
  does: option(oneOf(['succeed', 'fail', 'crash', 'fill the disk']).default('succeed'), {
    description: 'what it does',
  }),
  steps: option(wholeNumber(0).default(0), { description: 'steps of 20 ms, each stored' }),
  /** A file of so many bytes beside the result. */
  bytes: option(wholeNumber(0).default(0), { description: 'bytes' }),
  /** A file that gets a line for each step that is computed. */
  log: option(z.string().optional(), { description: 'log' }),
};

const fakeKind: SweepKind = {
  name: 'fake',
  schema: 'fake/1',
  shape,
  check: options => void checkOptions(shape, options),
  groupOf: ({ group }) => String(group),
  costless: ['seed'],
  figures: [{ path: 'value.mean', title: 'value' }],
  storeIn: sweepStore,
  open: () => {
    let closed: string | undefined;
    return {
      compute: async (options, { out, signal }) => {
        const { does, steps, bytes, log, seed = 0 } = checkOptions(shape, options);
        if (log !== undefined) closed = `${log}.closed`;
        mkdirSync(out, { recursive: true });
        const stored = join(out, 'steps.txt');
        const before = existsSync(stored) ? readFileSync(stored, 'utf8').length : 0;
        for (let step = before; step < steps; step++) {
          signal?.throwIfAborted();
          await sleep(20);
          appendFileSync(stored, '.');
          if (log !== undefined) appendFileSync(log, `${seed} ${step}\n`);
        }
        if (does === 'fail') throw new UserError('was told to fail');
        if (does === 'crash') process.kill(process.pid, 'SIGKILL');
        if (does === 'fill the disk') {
          const cause = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
          throw new UserError(`${out}: the disk is full`, { cause });
        }
        if (bytes > 0) writeFileSync(join(out, 'weights.bin'), Buffer.alloc(bytes, seed));
        const value = { mean: seed / 2, interval: { low: 0, high: seed }, perLayer: [1, 2] };
        await writeResult(out, { schema: 'fake/1', value, tests: [{ p: 0.5 }], seed, why: null });
      },
      needs: async ({ group }) => ({ model: process.env.DUALFORM_TEST_MODEL ?? String(group ?? 'none') }),
      cost: async () => ({ memoryBytes: 1e9, seconds: 2, diskBytes: 10 }),
      close: async () => {
        if (closed !== undefined) appendFileSync(closed, 'closed\n');
      },
    };
  },
};

export const fakeKinds: Kinds<SweepKind> = new Map([['fake', fakeKind]]);
/** A sweep of cells that compute nothing. */
export function fakeSweep(grid: { readonly [key: string]: readonly Json[] }, base: CellOptions = {}): Sweep {
  return readSweep('plan.json', { command: 'fake', base, grid }, fakeKinds);
}

export const fakeProcess: CellModule = { ...childModule('fake-process', import.meta.url), kinds: fakeKinds };
