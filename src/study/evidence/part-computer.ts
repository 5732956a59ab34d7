import { dirname, join } from 'node:path';
import type { CellOptions } from '../../cell/cell.ts';
import type { QueueComputer } from '../../cell/kind.ts';
import { UserError } from '../../error.ts';
import { canonicalJson } from '../../files/canonical-json.ts';
import { writeText } from '../../files/run-folder.ts';
import type { Hooks } from '../../hooks.ts';
import { signatureOf } from '../../run/plan.ts';
import { finetune } from '../../setting/finetune.ts';
import { fileNameOf, readArm } from './arm.ts';
import { layerCausal } from './arm-steps.ts';
import { armStore, taskFolderName } from './arm-store.ts';
import { computeArm, type SharedInSeed, type SharedInTask } from './compute-arm.ts';
import { memoryOfStudy } from './cost.ts';
import { learningRateOf } from './learning-rates.ts';
import {
  findRate,
  type MatchedRates,
  type MatchedSteps,
  matchedRatesText,
  measureTarget,
  readRates,
} from './matched-rates.ts';
import { type OpenModels, openModels } from './open-models.ts';
import { partIn, type RatesPart, type StudyName, type UnitPart } from './part-cells.ts';
import type { StudyInputs } from './study-inputs.ts';
import { tokenCounter } from './times.ts';
import { type TaskSequences, taskSequences } from './tokens.ts';

/** Finds what the cells of a study are computed from. */
export type OpenStudy = (study: StudyName, hooks: Hooks) => Promise<StudyInputs>;

/** The study at work, with what its cells share. */
interface StudyAtWork {
  readonly inputs: StudyInputs;
  readonly sequencesOf: (task: string) => TaskSequences;
  readonly memoryBytes: () => number;
  readonly tokensOf: ReturnType<typeof tokenCounter>;
  /** Of the trained model, by task. */
  readonly shared: Map<string, SharedInTask>;
}

/** Where a cell is computed. */
interface Place {
  readonly models: Pick<OpenModels, 'use'>;
  readonly out: string;
  readonly hooks: Hooks;
}

/** Computes cells of studies; the model of the last cell stays open, given models longer than the computer. */
export function partComputer(open: OpenStudy, given?: OpenModels): QueueComputer {
  const models = given ?? openModels();
  let at: { readonly key: string; readonly study: Promise<StudyAtWork> } | undefined;

  function studyOf(name: StudyName, hooks: Hooks): Promise<StudyAtWork> {
    const key = canonicalJson(name);
    if (at?.key !== key) {
      const study = open(name, hooks).then(atWork);
      at = { key, study };
      study.catch(() => {
        if (at?.study === study) at = undefined;
      });
    }
    return at.study;
  }

  return {
    compute: async (options, { out, ...hooks }) => {
      const part = partIn({ options });
      const study = await studyOf(part.study, hooks);
      const clock = watchedModels(models);
      const place = { models: clock.models, out, hooks };
      if ('matching' in part) {
        await matchRates(study, part, place);
        return { ...clock.read(), tokens: 0 };
      }
      const computed = await computeUnit(study, part, place);
      return { ...clock.read(), tokens: study.tokensOf(part.task, computed) };
    },
    needs: async (options: CellOptions, hooks) => {
      const { plan } = (await studyOf(partIn({ options }).study, hooks)).inputs;
      const tasks = plan.tasks.map(({ name, digest }) => [`task ${name}`, digest] as const);
      return { model: plan.model.digest, ...Object.fromEntries(tasks), plan: signatureOf(plan) };
    },
    memoryBytes: async (options, hooks) => (await studyOf(partIn({ options }).study, hooks)).memoryBytes(),
    peakMemoryBytes: models.peakMemoryBytes,
    close: async () => {
      if (given === undefined) await models.close();
    },
  };
}

/** Counts the time that models are used for. */
function watchedModels(models: OpenModels) {
  const started = performance.now();
  let machine = { threads: 0, device: 'cpu' };
  let graphSeconds = 0;
  const use: OpenModels['use'] = (wanted, hooks, work) =>
    models.use(wanted, hooks, async model => {
      const { runtime } = model;
      machine = { threads: runtime.threads, device: runtime.device };
      const before = (await runtime.usage()).graphSeconds;
      const done = await work(model);
      graphSeconds += (await runtime.usage()).graphSeconds - before;
      return done;
    });
  return {
    models: { use },
    read: () => ({ ...machine, seconds: (performance.now() - started) / 1000, graphSeconds }),
  };
}

function atWork(inputs: StudyInputs): StudyAtWork {
  const opened = new Map<string, TaskSequences>();
  const sequencesOf = (name: string) => {
    const found = opened.get(name) ?? taskSequences(inputs, inputs.tasks.find(({ plan }) => plan.name === name)!);
    opened.set(name, found);
    return found;
  };
  let memory: number | undefined;
  const memoryBytes = () => {
    memory ??= memoryOfStudy(inputs);
    return memory;
  };
  return { inputs, sequencesOf, memoryBytes, tokensOf: tokenCounter(inputs), shared: new Map() };
}

/**
 * Arms that an interrupted call left are not computed again.
 *
 * @returns the ids of those that this call computed
 */
async function computeUnit(
  { inputs, sequencesOf, shared }: StudyAtWork,
  { task, arms, rates }: UnitPart,
  { models, out, hooks }: Place,
): Promise<readonly string[]> {
  const {
    plan,
    model: { checkpoint },
  } = inputs;
  const sequences = sequencesOf(task);
  const store = armStore(out, plan.sizes, sequences.plan);
  const all = arms.map(readArm);
  const stored = await store.stored();
  const missing = all.filter(each => !stored.has(fileNameOf(each)));
  const { initialisation } = all[0]!;
  const inTask: SharedInTask = (initialisation === 0 && shared.get(task)) || {};
  if (initialisation === 0) shared.set(task, inTask);
  await models.use({ checkpoint, initialisation, beside: besideOf(out) }, hooks, async model => {
    const inSeed: SharedInSeed = { drawsRandom: missing.some(({ variant }) => variant === 'random') };
    const rateOf = async (arm: (typeof all)[number]) => learningRateOf(arm, sequences.plan.rate, rates);
    const context = { model, sequences, batchSize: plan.batchSize, rateOf };
    for (const arm of missing) {
      hooks.signal?.throwIfAborted();
      await store.write(await computeArm(context, arm, { seed: inSeed, task: inTask }));
    }
  });
  return missing.map(({ id }) => id);
}

/** Model by model, the trained one first: it gives the size that the others are matched to. */
async function matchRates(
  { inputs, sequencesOf }: StudyAtWork,
  { matching }: RatesPart,
  { models, out, hooks }: Place,
): Promise<void> {
  const { checkpoint } = inputs.model;
  const found = new Map<string, MatchedRates | null>();
  for (const [task, { known }] of Object.entries(matching))
    found.set(task, (await readRates(fileOf(out, task))) ?? known);
  const all = Object.values(matching).flatMap(({ steps }) => steps);
  const isMeasured = [...found.values()].every(rates => rates !== null);
  for (const initialisation of new Set([...(isMeasured ? [] : [0]), ...all.map(initialisationOf)])) {
    await models.use({ checkpoint, initialisation, beside: besideOf(out) }, hooks, async model => {
      for (const [task, { steps }] of Object.entries(matching)) {
        const context = { model, sequences: sequencesOf(task), batchSize: inputs.plan.batchSize };
        let rates = found.get(task) ?? (await measureTarget(context));
        for (const each of steps.filter(some => initialisationOf(some) === initialisation && !(some in rates.rates))) {
          hooks.signal?.throwIfAborted();
          const take = each === 'layer-causal' ? layerCausal : finetune;
          rates = { ...rates, rates: { ...rates.rates, [each]: await findRate(context, rates.target, take) } };
        }
        found.set(task, rates);
        await writeText(fileOf(out, task), matchedRatesText(rates));
      }
    });
  }
}

function fileOf(out: string, task: string): string {
  return join(out, `${taskFolderName(task)}.json`);
}

function initialisationOf(steps: MatchedSteps): number {
  return steps === 'layer-causal' ? 0 : Number(steps.slice('untrained-'.length));
}

/** The folder of all work: an untrained model serves several cells. */
function besideOf(out: string): string {
  return dirname(dirname(out));
}

/** @throws UserError unless the study is the one that a cell names */
export function requireSamePlan({ plan }: StudyInputs, name: StudyName): void {
  if (signatureOf(plan) === name.plan) return;
  throw new UserError(`the plan of the study is ${signatureOf(plan)} here and ${name.plan} in the cell`, {
    remedy: 'a model or a task was changed meanwhile',
  });
}
