import { UserError } from '../error.ts';
import { commandError, withFlags } from './options/command-error.ts';
import type { Given, Perform } from './options/command-line.ts';
import type { Io } from './terminal/io.ts';

interface Action {
  readonly perform: (given: Given<never>, io: Io) => Promise<void>;
}

/** Loaded when they are called: help must not wait for what computes. */
const actions: Readonly<Record<string, () => Promise<Action>>> = {
  run: () => import('./run/action.ts'),
  trace: () => import('./trace/action.ts'),
  finetune: () => import('./finetune/action.ts'),
  score: () => import('./score/action.ts'),
  tokenize: () => import('./tokenize/action.ts'),
  tune: () => import('./tune/action.ts'),
  table: () => import('./table/action.ts'),
  train: () => import('./train/action.ts'),
  theory: () => import('./theory/action.ts'),
  momentum: () => import('./momentum/action.ts'),
  evidence: () => import('./evidence/action.ts'),
  sweep: () => import('./sweep/action.ts'),
  worker: () => import('./worker/action.ts'),
  explore: () => import('./explore/action.ts'),
  models: () => import('./models/action.ts'),
  tasks: () => import('./tasks/action.ts'),
  pull: () => import('./pull/action.ts'),
  doctor: () => import('./doctor/action.ts'),
  report: () => import('./report/action.ts'),
  completion: () => import('./completion/action.ts'),
};

/** Runs what was typed, until `signal` is aborted. */
export function performUntil(signal: AbortSignal): Perform {
  return async (line, typed) => {
    if (line.name === 'complete') {
      const { complete } = await import('./completion/complete.ts');
      return complete(typed.args);
    }
    const [{ shapeOf, commonOptions }, { flagsOf }, { readTyped }, { openIo }, { perform }] = await Promise.all([
      import('./options/shape.ts'),
      import('./options/flags.ts'),
      import('./options/read-typed.ts'),
      import('./terminal/io.ts'),
      actions[line.name]!(),
    ]);
    const shape = await shapeOf(line);
    const flags = flagsOf(shape);
    try {
      const values: Record<string, unknown> = readTyped(shape, typed.options);
      const own = Object.entries(values).filter(([name]) => !(name in commonOptions));
      const io = openIo(values, { signal, word: text => withFlags(text, flags) });
      try {
        await perform({ options: Object.fromEntries(own) as never, argument: typed.args[0], args: typed.args }, io);
      } finally {
        io.end();
      }
    } catch (error) {
      throw error instanceof UserError ? commandError(error, flags) : error;
    }
  };
}
