import { join } from 'node:path';
import type { Cell, CellOptions } from '../../cell/cell.ts';
import type { CellKind } from '../../cell/kind.ts';
import { namedStore } from '../../cell/named-store.ts';
import type { Json } from '../../files/canonical-json.ts';
import { prettyJson } from '../../files/pretty-json.ts';
import { writeText } from '../../files/run-folder.ts';
import type { Hooks } from '../../hooks.ts';
import { keepRuntime } from '../../runtime/node/keep-runtime.ts';
import { ownMemory } from '../../runtime/node/memory.ts';
import { withRuntime } from '../../runtime/node/open-runtime.ts';
import { memoryOfModel } from './memory.ts';
import type { StudyWishes } from './options.ts';
import { type ModelCell, type MomentumPlan, nameOf } from './plan.ts';
import { planStudy } from './plan-study.ts';
import { trainCell } from './train-cell.ts';
import type { Trainee } from './trainee.ts';
import { makeTrainees } from './trainees.ts';

/** A study that can train its models. */
interface ReadyStudy {
  readonly plan: MomentumPlan;
  readonly trainees: readonly Trainee[];
}

const SCHEMA = 'dualform.momentum-plan/3';

/** The cell of a model of the study. */
export function cellOf(model: ModelCell, study: StudyWishes): Cell {
  return { kind: 'momentum', options: { ...model, study: JSON.parse(JSON.stringify(study)) }, schema: SCHEMA };
}

export function modelOf({ task, eta, seed }: CellOptions): ModelCell {
  return { task, eta, seed } as ModelCell;
}

/**
 * A model of the momentum study, trained on one thread. Its cell is `cells/NAME.json`.
 *
 * @param ready the study of all cells, where it is planned already
 */
export function modelKind(ready?: ReadyStudy): CellKind {
  return {
    name: 'momentum',
    schema: SCHEMA,
    storeIn: root => namedStore(root, ({ options }) => join('cells', nameOf(modelOf(options)))),
    open: () => {
      const kept = keepRuntime();
      const memory = new Map<string, Promise<number>>();
      let planned: { readonly of: string; readonly study: Promise<ReadyStudy> } | undefined;
      const studyOf = ({ study }: CellOptions, hooks: Hooks): Promise<ReadyStudy> => {
        if (ready !== undefined) return Promise.resolve(ready);
        const of = JSON.stringify(study);
        if (planned?.of !== of) planned = { of, study: readyStudy(study as StudyWishes, hooks) };
        return planned.study;
      };
      return {
        compute: async (options, { out, device, signal, onProgress, onWarning, offline }) => {
          const { plan, trainees } = await studyOf(options, { offline, signal });
          const model = modelOf(options);
          const trainee = trainees.find(({ task }) => task === model.task)!;
          const { steps } = trainee.training;
          return withRuntime({ threads: 1, device, signal, onWarning, lender: kept }, async runtime => {
            const started = performance.now();
            const record = await trainCell(runtime, trainee, model, {
              adam: plan.adam,
              onStep: done => {
                signal?.throwIfAborted();
                onProgress?.({ stage: 'training', part: nameOf(model), done, total: steps, unit: 'steps' });
              },
            });
            await writeText(join(out, 'result.json'), prettyJson(record as unknown as Json));
            const seconds = (performance.now() - started) / 1000;
            return { seconds, tokens: steps * trainee.step.tokens, threads: 1, device: runtime.device };
          });
        },
        peakMemoryBytes: async () =>
          ownMemory().peakResidentBytes + ((await kept.current()?.usage())?.peakResidentBytes ?? 0),
        // The models of a task are of one size.
        memoryBytes: async (options, { device, offline, signal }) => {
          const { plan, trainees } = await studyOf(options, { offline, signal });
          const { task } = modelOf(options);
          const measured =
            memory.get(task) ?? memoryOfModel(trainees.find(each => each.task === task)!, plan, { device, signal });
          memory.set(task, measured);
          return measured;
        },
        close: kept.close,
      };
    },
  };
}

async function readyStudy(wishes: StudyWishes, hooks: Hooks): Promise<ReadyStudy> {
  const planned = await planStudy(wishes, hooks);
  return { plan: planned.plan, trainees: makeTrainees(planned) };
}
