import { join, relative, resolve } from 'node:path';
import type { Json } from '../files/canonical-json.ts';
import { prettyJson } from '../files/pretty-json.ts';
import { valueAt } from '../files/rename-keys.ts';
import { readFinished, writeText } from '../files/run-folder.ts';
import { type Hooks, type OnProgress, splitHooks } from '../hooks.ts';
import { loadModel } from '../model/loaded-model.ts';
import { observationGraph } from '../observe/observe.ts';
import { ownMemory } from '../runtime/node/memory.ts';
import { withRuntime } from '../runtime/node/open-runtime.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { releaseAfter } from '../runtime/scope.ts';
import { passOnWarnings } from '../task/warnings.ts';
import { deviceForModel } from './device-for-model.ts';
import { evaluate } from './evaluate.ts';
import { Interrupted } from './interrupted.ts';
import { makeSettings, type Settings } from './make-settings.ts';
import type { ExperimentOptions } from './options.ts';
import { comparePaper, type PaperComparison } from './paper/comparison.ts';
import { upgradePlan } from './plan.ts';
import { type Prepared, prepare } from './prepare.ts';
import {
  deviceToResume,
  type Provenance,
  readProvenance,
  type Stopwatch,
  stopwatch,
  type Timing,
  thisMachine,
  timedStages,
  unknownMachine,
} from './provenance.ts';
import { type ExperimentResult, foldResult } from './result.ts';
import type { SharedModel } from './shared-model.ts';
import { openStore, type Store } from './store.ts';
import { tokenLines } from './token-lines.ts';

export type RunOptions = ExperimentOptions & Hooks;

export interface RunResult {
  /** Absolute. */
  readonly folder: string;
  readonly result: ExperimentResult;
  readonly timing: Timing;
  readonly provenance: Provenance;
  /** Examples stored by an earlier call; all of them if the run was already finished. */
  readonly found: number;
  /** The comparison with the paper, with a preset only; `paper.json` in the run folder. */
  readonly paper?: PaperComparison;
}

/**
 * The main job: zero-shot, in-context and finetuned on one task, every metric, in a run folder. An
 * interrupted or killed run continues after the last stored batch and ends with the same bytes in
 * `result.json`; a finished run is not computed again. A continued run computes prefixes,
 * finetuning and the last stored batch again; the batch must give the same numbers.
 *
 * @throws UserError for wrong options, a model or task that cannot be used, the run folder, or the
 * disk
 * @throws Interrupted after `signal`
 */
export async function runExperiment(options: RunOptions = {}): Promise<RunResult> {
  const { hooks, wishes } = splitHooks(options);
  return runPrepared(() => prepare(wishes, hooks), hooks);
}

/**
 * As runExperiment, from choices that are already made.
 *
 * @param shared keeps the model of these choices for further runs
 */
export async function runPrepared(
  getPrepared: () => Promise<Prepared>,
  hooks: Hooks,
  shared?: SharedModel,
): Promise<RunResult> {
  const { out, signal, onWarning } = hooks;
  let store: Store | undefined;
  let examples = 0;
  try {
    signal?.throwIfAborted();
    const started = performance.now();
    const prepared = await getPrepared();
    signal?.throwIfAborted();
    const { plan, signature, task } = prepared;
    passOnWarnings(task, onWarning);
    const folder = resolve(out ?? join('runs', signature));
    const finished = await readFinished(folder, plan, upgradePlan);
    if (finished !== undefined && isOfThisVersion(finished.result, signature)) {
      const result = finished.result as unknown as ExperimentResult;
      const paper = await besidePaper(folder, prepared, result);
      return { folder, result, ...paper, ...timesOf(finished.provenance, hooks), found: plan.examples };
    }
    store = await openStore(folder, plan, tokenLines(prepared));
    examples = plan.examples;
    const seconds = (performance.now() - started) / 1000;
    return await fillFolder(store, prepared, { earlier: finished?.result, preparing: seconds, shared }, hooks);
  } catch (error) {
    if (!signal?.aborted) throw error;
    throw interrupted(store, examples, error);
  } finally {
    await store?.close();
  }
}

/**
 * Computes what is missing in the folder, and writes the result.
 *
 * @param made.earlier the result of an earlier version, which is folded again without computing
 * @param made.preparing seconds that preparing took
 * @param made.shared keeps the model for further runs
 */
async function fillFolder(
  store: Store,
  prepared: Prepared,
  made: {
    readonly earlier: Json | undefined;
    readonly preparing: number;
    readonly shared: SharedModel | undefined;
  },
  hooks: Hooks,
): Promise<RunResult> {
  const { threads, signal, onProgress, onWarning } = hooks;
  const { plan, signature, decoder } = prepared;
  const found = store.storedExamples();
  const before = readProvenance(timedStages, await store.readJson('provenance.json'));
  const watch = stopwatch(timedStages, before?.timing);
  watch.add('load', made.preparing);
  const begun = found > 0 ? before?.provenance : undefined;
  const asked = deviceToResume(store.folder, hooks.device, begun);
  const computed = async () =>
    withRuntime(
      {
        threads: threads ?? begun?.threads,
        device: await deviceForModel(prepared.checkpoint, { ...hooks, device: asked }),
        signal,
        lender: made.shared?.lender,
        onWarning,
      },
      runtime =>
        releaseAfter({ runtime }, owner =>
          compute(owner.runtime, prepared, { store, watch, onProgress, shared: made.shared }),
        ),
    );
  const stored = made.earlier === undefined ? undefined : storedFinetuning(made.earlier);
  const settings = stored && found === plan.examples ? stored : await computed();
  const result = foldResult(plan, signature, decoder, settings, await store.records());
  const times = timesOf(await store.readJson('provenance.json'), hooks);
  await store.writeJson('provenance.json', times as unknown as Json);
  await store.writeJson('result.json', result as unknown as Json);
  const paper = await besidePaper(store.folder, prepared, result);
  return { folder: store.folder, result, ...paper, ...times, found };
}

/**
 * Whether a stored result has the keys of this version. A result of an earlier one is folded again
 * from the stored records.
 */
function isOfThisVersion(result: Json, signature: string): boolean {
  return valueAt(result, 'signature') === signature && valueAt(result, 'uncertainty') !== undefined;
}

/** Times and machine as the folder has them; without them, zero times and this machine. */
function timesOf(stored: Json | undefined, { threads }: Hooks): Pick<RunResult, 'timing' | 'provenance'> {
  const timing = stopwatch(timedStages, undefined).read();
  return readProvenance(timedStages, stored) ?? { timing, provenance: unknownMachine(threads) };
}

/**
 * The finetuning part of a stored result, which no other file holds; undefined if it is missing.
 */
function storedFinetuning(result: Json): Pick<Settings, 'losses' | 'check'> | undefined {
  const { finetuning } = result as unknown as Partial<ExperimentResult>;
  if (finetuning?.steady === undefined) return undefined;
  const { losses, steady, why } = finetuning;
  const diverged = steady.rows > 0 && steady.moved === null;
  return { ...(why === undefined && { losses }), ...(diverged && { check: 'diverged' }) };
}

/** With a preset, compares with the paper and writes paper.json. */
async function besidePaper(
  folder: string,
  prepared: Prepared,
  result: ExperimentResult,
): Promise<{ readonly paper?: PaperComparison }> {
  const paper = comparePaper(prepared, result);
  if (paper === undefined) return {};
  await writeText(join(folder, 'paper.json'), prettyJson(paper as unknown as Json));
  return { paper };
}

async function compute(
  runtime: Runtime,
  prepared: Prepared,
  {
    store,
    watch,
    onProgress,
    shared,
  }: { store: Store; watch: Stopwatch; onProgress: OnProgress | undefined; shared: SharedModel | undefined },
): Promise<Settings> {
  const { checkpoint, plan, sequences, scoring } = prepared;
  const saveTimes = async () => {
    const { peakResidentBytes } = await runtime.usage();
    watch.notePeak(peakResidentBytes + ownMemory().peakResidentBytes);
    const value = { timing: watch.read(), provenance: thisMachine(runtime) };
    await store.writeJson('provenance.json', value as unknown as Json);
  };
  const model = await watch.time('load', () => (shared?.load ?? loadModel)(checkpoint, runtime));
  const settings = await makeSettings(model, prepared, { watch, onProgress });
  await watch.time('load', () => model.session(observationGraph));

  const report = () => {
    onProgress?.({ stage: 'evaluation', done: store.storedExamples(), total: plan.examples, unit: 'examples' });
  };
  report();
  await evaluate(model, {
    ...settings,
    plan,
    queries: sequences.queries,
    scoring,
    from: Math.max(0, store.stored() - 1),
    watch,
    onBatch: async (batch, records) => {
      await store.append(batch, records);
      report();
      await saveTimes();
    },
  });
  return settings;
}

function interrupted(store: Store | undefined, examples: number, cause: unknown): Interrupted {
  if (store === undefined) return new Interrupted('interrupted before the run began', { cause });
  const place = relative('.', store.folder);
  return new Interrupted(
    `interrupted with ${store.storedExamples()} of ${examples} examples stored in ${place}; the same command resumes from there`,
    { folder: store.folder, cause },
  );
}
