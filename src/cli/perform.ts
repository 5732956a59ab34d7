import type { Perform, Typed } from './program.ts';
import type { Io } from './terminal/io.ts';

interface Action {
  readonly perform: (typed: Typed, io: Io) => Promise<void>;
}

/** Loaded when they are asked for: help must not wait for what computes. */
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
  models: () => import('./models/action.ts'),
  tasks: () => import('./tasks/action.ts'),
  pull: () => import('./pull/action.ts'),
  doctor: () => import('./doctor/action.ts'),
  completion: () => import('./completion/action.ts'),
  complete: () => import('./completion/complete.ts'),
};

/** Does what was typed, until `signal` is aborted. */
export function performUntil(signal: AbortSignal): Perform {
  return async (command, typed) => {
    const [action, { openIo }, { everywhereSchema, readOptions }] = await Promise.all([
      actions[command]!(),
      import('./terminal/io.ts'),
      import('./options/option-values.ts'),
    ]);
    const io = openIo(readOptions(everywhereSchema, typed.options), signal);
    try {
      await action.perform(typed, io);
    } finally {
      io.end();
    }
  };
}
