import type { Io } from './io.ts';
import type { Perform, Typed } from './program.ts';

interface Action {
  readonly perform: (typed: Typed, io: Io) => Promise<void>;
}

/** Loaded when they are asked for: help must not wait for what computes. */
const actions: Readonly<Record<string, () => Promise<Action>>> = {
  run: () => import('./actions/run.ts'),
  trace: () => import('./actions/trace.ts'),
  finetune: () => import('./actions/finetune.ts'),
  score: () => import('./actions/score.ts'),
  tokenize: () => import('./actions/tokenize.ts'),
  tune: () => import('./actions/tune.ts'),
  table: () => import('./actions/table.ts'),
  train: () => import('./actions/train.ts'),
  theory: () => import('./actions/theory.ts'),
  momentum: () => import('./actions/momentum.ts'),
  models: () => import('./actions/models.ts'),
  tasks: () => import('./actions/tasks.ts'),
  pull: () => import('./actions/pull.ts'),
  doctor: () => import('./actions/doctor.ts'),
  completion: () => import('./actions/completion.ts'),
  complete: () => import('./actions/complete.ts'),
};

/** Does what was typed, until `signal` is aborted. */
export function performUntil(signal: AbortSignal): Perform {
  return async (command, typed) => {
    const [action, { openIo }, { everywhereSchema, readOptions }] = await Promise.all([
      actions[command]!(),
      import('./io.ts'),
      import('./option-values.ts'),
    ]);
    const io = openIo(readOptions(everywhereSchema, typed.options), signal);
    try {
      await action.perform(typed, io);
    } finally {
      io.end();
    }
  };
}
