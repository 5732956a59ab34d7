/** @file What is printed first: the gates, then the verdicts. */
import { QUESTIONS } from '../../report/evidence/questions.ts';
import type { EvidenceResult, Gates, TaskEvidence } from '../../study/evidence/fold/result.ts';
import {
  type EvidenceTable,
  reasonsOf,
  shownEstimate,
  shownInterval,
  shownNumber,
  shownP,
  shownValue,
} from './numbers.ts';

const passed = (pass: boolean | null) => (pass === null ? 'not checked' : pass ? 'passes' : 'FAILS');

export function gatesTable({ tasks }: Pick<EvidenceResult, 'tasks'>): EvidenceTable {
  return {
    title: 'Gates',
    head: ['task', 'gate', 'measured', ''],
    rows: tasks.flatMap(({ name, gates }) => gateRows(gates).map(row => [name, ...row])),
    notes: tasks.flatMap(({ gates: { steady, learned } }) =>
      [steady.why, learned.why].flatMap(why => (why === undefined ? [] : [`${why}.`])),
    ),
  };
}

function gateRows({ inContext, steady, learned }: Gates): readonly (readonly string[])[] {
  const { cosine, moved } = steady;
  const nudge =
    cosine === null || moved === null ? '' : `cosine ${cosine.toFixed(4)}, ${shownNumber(100 * moved, 1)} % of answers`;
  const loss = learned.before === null ? '' : `${shownNumber(learned.before)} to ${shownNumber(learned.after)}`;
  return [
    ['G1: demonstrations raise accuracy, points', shownEstimate(inContext.gain, 100), passed(inContext.pass)],
    ['G2: the rate is steady: a millionth more moves', nudge, passed(steady.pass)],
    ['G3: finetuning lowers the loss of held-out rows', loss, passed(learned.pass)],
  ];
}

export function verdictTable({ hypotheses }: Pick<EvidenceResult, 'hypotheses'>): EvidenceTable {
  return {
    title: 'Verdicts',
    head: ['task', 'H', 'question', 'number', 'value', '95 % interval', 'adjusted p', 'delta', 'MDE', 'verdict'],
    rows: hypotheses.map(({ id, task, statistic, value, adjusted, delta, mde, verdict }) => [
      task,
      id,
      QUESTIONS[id],
      statistic,
      shownValue(value),
      shownInterval(value),
      shownP(adjusted),
      String(delta),
      shownNumber(mde),
      verdict,
    ]),
    notes: reasonsOf(hypotheses.map(({ id, task, value }) => [`${task} ${id}`, value])),
  };
}

/** The sentences that may be said: of each hypothesis, then of the task. */
export function sentencesOf(result: EvidenceResult): readonly string[] {
  return result.tasks.flatMap(({ name, sentences }: TaskEvidence) => [
    ...result.hypotheses.filter(({ task }) => task === name).map(({ id, sentence }) => `${name} ${id}: ${sentence}`),
    ...sentences.map(sentence => `${name}: ${sentence}`),
  ]);
}
