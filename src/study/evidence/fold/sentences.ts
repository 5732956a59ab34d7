/** @file What may be said: a sentence for each outcome, and none that says more than the numbers. */

import { equivalence } from '../../../statistics/equivalence.ts';
import type { Estimate } from '../../../statistics/estimate.ts';
import type { HypothesisId, SmallestEffects } from '../plan.ts';
import type { EvidenceEstimate, Gates, HypothesisResult, TaskEvidence } from './result.ts';

/** The generic part is most of a similarity from this share of it. */
const MOST = 0.8;
/** An order sensitivity is far below another where their ratio is below this. */
const FAR_BELOW = 0.1;

type Numbers = Omit<TaskEvidence, 'sentences'>;
type Decided = Omit<HypothesisResult, 'sentence'>;

/** Which gates fail, for every sentence of the task; empty if all pass. */
function ofGates({ inContext, steady, learned }: Gates): readonly string[] {
  return [
    ...(inContext.pass
      ? []
      : ['The demonstrations do not help here; what is compared is two changes, not two ways of learning.']),
    ...(steady.pass === false
      ? ['At this rate finetuning is decided by rounding; its numbers are those of a machine.']
      : []),
    ...(steady.pass === null ? ['Whether rounding decides finetuning at this rate was not checked.'] : []),
    ...(learned.pass
      ? []
      : ['Finetuning does not lower the loss of the training rows that follow the demonstrations.']),
  ];
}

/** The sentence of a hypothesis, given the verdicts of all of its task. */
export function sentenceOf(hypothesis: Decided, family: readonly Decided[], task: Numbers): string {
  const own = family.filter(each => each.task === hypothesis.task);
  return [...ofGates(task.gates), ofVerdict(hypothesis, own, task)].join(' ');
}

/** The sentences of a task that belong to no single hypothesis. */
export function sentencesOf(
  family: readonly Decided[],
  task: Numbers,
  { similarity }: Pick<SmallestEffects, 'similarity'>,
): readonly string[] {
  const own = family.filter(each => each.task === task.name);
  const gates = ofGates(task.gates);
  const said = [...ofSimilarity(task, similarity), ...ofAll(own, task)];
  if (said.length === 0) return gates.length === 0 ? [] : [gates.join(' ')];
  return said.map(sentence => [...gates, sentence].join(' '));
}

function ofSimilarity({ ladder, partition: { generic, total } }: Numbers, delta: number): readonly string[] {
  const row = (variant: string) =>
    ladder.find(each => each.model === 'trained' && each.inContext === 'same' && each.finetuned === variant);
  const S = row('same')?.S;
  const isGeneric = generic.value !== null && total.value !== null && generic.value >= MOST * total.value;
  const isAsNear = (variant: string) => {
    const less = row(variant)?.less;
    return less !== null && less !== undefined && isNegligible(less, delta);
  };
  return [
    ...(S !== undefined && S.low !== null && S.low > 0 && isGeneric
      ? ['Most of the similarity is one direction that no demonstration and no query has any part in.']
      : []),
    ...(isAsNear('random') ? ['A random step of the same size gives the same similarity.'] : []),
    ...(isAsNear('task') ? ['Another task of the same size gives the same similarity.'] : []),
  ];
}

function ofAll(own: readonly Decided[], { ceiling, behaviour }: Numbers): readonly string[] {
  const share = ceiling.share.value;
  const ids = ['H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'H7'] as const;
  if (share === null || !areYes(own, ids) || isFarBelow(behaviour)) return [];
  return [
    'In-context learning responds to demonstrations, labels and order as finetuning does, ' +
      `up to ${Math.round(100 * share)} % of what either reproduces of itself.`,
  ];
}

function ofVerdict(hypothesis: Decided, own: readonly Decided[], task: Numbers): string {
  const { id, verdict, mde, value, statistic, delta } = hypothesis;
  if (verdict === 'undecided') {
    if (mde === null) return `Cannot be told: ${value.why ?? 'its error is not known'}.`;
    return `Cannot be told: effects below ${mde.toPrecision(2)} are not seen by ${value.n.seeds} sets of demonstrations.`;
  }
  const said = sayings[id]?.(verdict, own, task);
  if (said !== undefined) return said;
  if (verdict === 'negligible') return `${statistic} is within ${delta} of 0.`;
  return `${statistic} is ${verdict === 'yes' ? 'above' : 'below'} 0.`;
}

type Saying = (verdict: Decided['verdict'], own: readonly Decided[], task: Numbers) => string | undefined;

const sayings: Readonly<Record<HypothesisId, Saying>> = {
  H1: verdict =>
    verdict === 'negligible'
      ? 'Finetuning on the same demonstrations is no nearer to in-context learning than on others: ' +
        "the paper's similarity is not about them."
      : undefined,
  H2: (verdict, own) =>
    verdict === 'negligible' && areYes(own, ['H1']) ? 'What they share is the words of the demonstrations.' : undefined,
  H3: (verdict, own) =>
    verdict === 'negligible' && areYes(own, ['H1', 'H2'])
      ? 'They share the texts, not the labels: no sign that both learn the mapping.'
      : undefined,
  H4: (verdict, own, { behaviour }) =>
    (verdict === 'negligible' || isFarBelow(behaviour)) && areYes(own, ['H1', 'H2', 'H3'])
      ? 'They use the same information but not in sequence: steps of SGD are not the process.'
      : undefined,
  H5: (verdict, _, { explained: { difference } }) =>
    verdict === 'negligible' && difference.low !== null && difference.low > 0
      ? 'A constant vector explains in-context learning better than finetuning does.'
      : undefined,
  H6: verdict =>
    verdict === 'negligible' || verdict === 'opposite'
      ? 'An untrained model gives as much. The dual form is algebra and holds there too; ' +
        'it is no sign of something learned.'
      : undefined,
  H7: verdict => {
    if (verdict === 'yes') return 'They put the same rows right beyond chance and label bias.';
    return verdict === 'negligible' ? 'Rec2FTP is what unrelated corrections with these label shares give.' : undefined;
  },
  H8: verdict => (verdict === 'yes' ? 'At matched size layer-causal steps are nearer.' : undefined),
};

function areYes(own: readonly Decided[], ids: readonly HypothesisId[]): boolean {
  return ids.every(id => own.find(each => each.id === id)?.verdict === 'yes');
}

/** Whether the order of the demonstrations moves finetuning far less than in-context learning. */
function isFarBelow({ orderSensitivity: { ratio } }: TaskEvidence['behaviour']): boolean {
  return ratio.high !== null && ratio.high < FAR_BELOW;
}

function isNegligible({ value, error, df }: EvidenceEstimate, delta: number): boolean {
  if (value === null) return false;
  const estimate: Pick<Estimate, 'value' | 'error' | 'df'> = { value, error, df };
  return equivalence(estimate, delta).negligible;
}
