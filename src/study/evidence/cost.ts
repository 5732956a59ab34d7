/** @file What a study costs, before it is computed: time, memory, disk. */
import { join, resolve } from 'node:path';
import { type Shard, shareOf } from '../../cell/shard.ts';
import { type Hooks, splitHooks } from '../../hooks.ts';
import { elements } from '../../model/decoder.ts';
import { memoryBytes } from '../../run/estimate/estimate.ts';
import { measureSpeed, type Speed, type TimedSequences } from '../../run/estimate/speed.ts';
import { addWork } from '../../run/estimate/work.ts';
import { signatureOf } from '../../run/plan.ts';
import { scoringOf } from '../../run/scoring.ts';
import { settingNames } from '../../setting/setting-name.ts';
import { batches } from '../../task/batches.ts';
import { passOnWarnings } from '../../task/warnings.ts';
import { type Arm, readArm } from './arm.ts';
import { armsOf, armWorkOf } from './arm-cost.ts';
import { type Detectable, detectableOf } from './detectable.ts';
import type { EvidenceWishes } from './options.ts';
import type { EvidencePlan } from './plan.ts';
import { type PlannedStudy, type PlannedTask, planStudy } from './plan-study.ts';
import type { StudyInputs, TaskInputs } from './study-inputs.ts';
import { type StudySeconds, studySeconds } from './study-seconds.ts';
import { type Unit, unitsOf } from './units.ts';

/** Arms of one kind on one task. */
export interface PartCost {
  readonly task: string;
  /** `zero-shot`, `untrained`, or the variant without its number. */
  readonly part: string;
  readonly arms: number;
  /** Fed. */
  readonly tokens: number;
  readonly flops: number;
  /** Null without a speed. */
  readonly seconds: number | null;
}

/** What a study costs and what it can show. */
export interface StudyCost {
  readonly schema: 'dualform.evidence-cost/1';
  readonly signature: string;
  /** Where it would be stored; absolute. */
  readonly folder: string;
  readonly plan: EvidencePlan;
  readonly parts: readonly PartCost[];
  /** To start, open models, write untrained ones, match rates and fold; null without a speed. */
  readonly otherSeconds: number | null;
  readonly seconds: number | null;
  /** Peak of all processes together. */
  readonly memoryBytes: number;
  /** Of the folder, in the end. */
  readonly diskBytes: number;
  /** Of an untrained model, which is written once and deleted. */
  readonly untrainedBytes: number;
  readonly detectable: readonly Detectable[];
}

/** Bytes of JSON for a log-probability, a token id, and the rest of an arm. */
const STORED = { logProbability: 21, token: 7, arm: 2000 };

/**
 * Estimates the time, memory and disk of a study, and what it can show.
 *
 * @param options.speed of the machine; measured for two seconds unless given, null for none
 * @param options.shard counts the arms and the time of this part of the study
 * @throws UserError as `registerEvidence`, before anything is measured
 */
export async function estimateEvidence(
  options: EvidenceWishes &
    Hooks & { readonly speed?: Speed | null | undefined; readonly shard?: Shard | undefined } = {},
): Promise<StudyCost> {
  const { speed: given, shard, ...others } = options;
  const { hooks, wishes } = splitHooks(others);
  const { out, threads, device, signal, onWarning } = hooks;
  const planned = await planStudy(wishes, hooks);
  for (const { task } of planned.tasks) passOnWarnings(task, onWarning);
  signal?.throwIfAborted();
  const usual = planned.tasks.map(task => usualSequences(planned, task));
  const speed = given === undefined ? await measureSpeed(usual[0]!, { threads, device, signal }) : given;
  const memory = memoryOfStudy(planned);
  const units = shareOf(unitsOf(planned.plan), shard);
  const secondsOf = speed && studySeconds(planned, speed, memory);
  const parts = planned.tasks.flatMap(task => partsOf(planned, task, units, secondsOf));
  const otherSeconds = secondsOf?.others(units) ?? null;
  const signature = signatureOf(planned.plan);
  return {
    schema: 'dualform.evidence-cost/1',
    signature,
    folder: resolve(out ?? join('runs', signature)),
    plan: planned.plan,
    parts,
    otherSeconds,
    seconds: otherSeconds === null ? null : parts.reduce((sum, { seconds }) => sum + seconds!, otherSeconds),
    memoryBytes: memory,
    diskBytes: planned.tasks.reduce((sum, task) => sum + diskBytesOf(planned, task), 0),
    untrainedBytes: hasUntrained(planned) ? 4 * elements(planned.model.decoder.tensors) : 0,
    detectable: await detectableOf(planned.plan, wishes.pilot),
  };
}

/** Of the processes that compute arms one after the other, at their highest. */
export function memoryOfStudy(inputs: StudyInputs): number {
  return Math.max(
    ...inputs.tasks.map(task => memoryBytes(usualSequences(inputs, task), layerCausalBytes(inputs, task))),
  );
}

/** Copies of the logits of every layer that a layer-causal step holds at once; measured. */
const LAYER_CAUSAL_COPIES = 2.3;

function layerCausalBytes({ model: { decoder } }: StudyInputs, task: TaskInputs): number {
  if (!task.plan.arms.some(arm => readArm(arm).variant === 'layer-causal')) return 0;
  const tokens = Math.max(...task.sequences.flatMap(each => each.finetuning.map(({ length }) => length)));
  return LAYER_CAUSAL_COPIES * 4 * decoder.layers * tokens * decoder.vocabulary;
}

/** A run with the sequences of seed 1. */
function usualSequences({ plan, model }: StudyInputs, { plan: task, sequences: [sequences] }: TaskInputs) {
  const { queries, labelTokens } = sequences!;
  const scoring = scoringOf(labelTokens, 'prompt-end');
  const fed = queries.slice(0, task.rows).map(({ tokens }) => scoring.rows(tokens)[0]!);
  const shape = { settings: settingNames, steadyRows: 1, batches: batches(fed, { size: plan.batchSize }) };
  return { ...model, sequences: sequences!, scoring, plan: shape } satisfies TimedSequences;
}

function partsOf(
  planned: PlannedStudy,
  task: PlannedTask,
  units: readonly Unit[],
  secondsOf: StudySeconds | null,
): readonly PartCost[] {
  const workOf = armWorkOf(planned, task);
  const parts = new Map<string, PartCost>();
  const own = units.filter(unit => unit.task.name === task.plan.name);
  const computed = new Set(own.flatMap(({ arms }) => arms.map(({ id }) => id)));
  for (const arm of armsOf(task).filter(({ id }) => computed.has(id))) {
    const part = partOf(arm);
    const work = workOf(arm);
    const { tokens, flops } = addWork(work.passes, work.steps);
    const seconds = secondsOf?.arm(task, arm, work) ?? null;
    const before = parts.get(part) ?? { task: task.plan.name, part, arms: 0, tokens: 0, flops: 0, seconds: 0 };
    parts.set(part, {
      ...before,
      arms: before.arms + 1,
      tokens: before.tokens + tokens,
      flops: before.flops + flops,
      seconds: seconds === null ? null : before.seconds! + seconds,
    });
  }
  return [...parts.values()];
}

/** The part of a study that an arm belongs to. */
export function partOf({ variant, initialisation }: Arm): string {
  if (initialisation > 0) return 'untrained';
  if (variant === null) return 'zero-shot';
  return variant.replace(/^(rate|shots)-.*/, '$1').replace(/^rate$/, 'rates');
}

function hasUntrained({ tasks }: PlannedStudy): boolean {
  return tasks.some(task => armsOf(task).some(({ initialisation }) => initialisation > 0));
}

function diskBytesOf({ model: { decoder } }: PlannedStudy, task: PlannedTask): number {
  const { layers, heads, hiddenSize } = decoder;
  const { rows, behaviourRows, labels } = task.plan;
  const [{ queries }] = task.sequences as readonly [PlannedTask['sequences'][number]];
  const tokens = queries.slice(0, rows).reduce((sum, query) => sum + query.tokens.length, 0);
  const tensors = 4 * layers * (rows * hiddenSize + tokens * heads);
  const fed = task.sequences[0]!.prefixTokens.length;
  return armsOf(task).reduce((sum, { variant, initialisation }) => {
    const all = initialisation === 0 && (variant === null || variant === 'same');
    const answers = (all ? behaviourRows : rows) * labels.length * STORED.logProbability;
    return sum + tensors + answers + fed * STORED.token + STORED.arm;
  }, 0);
}
