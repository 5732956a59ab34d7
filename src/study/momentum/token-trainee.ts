import { type RandomStream, randomStream } from '../../statistics/random.ts';
import { gptConfig, languageFeeds, languageModel } from '../../train/gpt.ts';
import type { Feeds } from '../../train/objective.ts';
import { meanOf, meanOfEach } from '../means.ts';
import { type AssociativeRecall, drawRecall } from '../synthetic/associative-recall.ts';
import { drawLookup, halfKeyAccuracy, type KeyValueLookup } from '../synthetic/key-value-lookup.ts';
import { bigramLosses, drawChain, type MarkovChain, unigramLosses } from '../synthetic/markov-chain.ts';
import type { TaskSequence } from '../synthetic/task-sequence.ts';
import type { SyntheticPlan } from './plan.ts';
import { inBatches, type Measured, stepWork, TEST_STREAM, TRAINING_STREAM, type Trainee } from './trainee.ts';

/** The answers of a model to all questions of a sequence. */
interface Answered {
  readonly sequence: TaskSequence;
  /** Whether the most likely token is the answer. */
  readonly right: readonly boolean[];
  /** Cross-entropy in nats. */
  readonly losses: readonly number[];
}

interface TokenTask<Settings> extends Pick<Trainee, 'task' | 'measures' | 'curves' | 'baselines'> {
  readonly plan: SyntheticPlan<Settings>;
  /** Separates this random stream from those of the other tasks. */
  readonly stream: number;
  readonly draw: (stream: RandomStream, settings: Settings) => TaskSequence;
  readonly vocabulary: number;
  /** Tokens of a sequence. */
  readonly length: number;
  readonly evaluate: (answers: readonly Answered[]) => Measured;
}

/** Only the answers are trained: the tokens between them are random. */
function tokenTrainee<Settings>(task: TokenTask<Settings>): Trainee {
  const { plan, vocabulary, length, evaluate } = task;
  const { model, training } = plan;
  const shape = { ...model, vocabulary, context: length - 1 };
  return {
    task: task.task,
    training,
    step: stepWork(gptConfig(shape), training.batch, shape.context),
    measures: task.measures,
    curves: task.curves,
    baselines: task.baselines,
    objective: momentum => languageModel(gptConfig({ ...shape, ...(momentum !== undefined && { momentum }) })),
    batch: (seed, step) =>
      feedsOf(drawMany(task, training.batch, randomStream(task.stream, TRAINING_STREAM, seed, step))),
    measure: async ({ trainer }) => {
      const answered: Answered[] = [];
      for (const sequences of inBatches(testsOf(task), training.batch)) {
        const { losses, logits } = await trainer.evaluate(feedsOf(sequences), ['losses', 'logits']);
        for (const [b, sequence] of sequences.entries()) {
          const places = sequence.questions.map(({ place }) => b * shape.context + place);
          answered.push({
            sequence,
            losses: places.map(place => losses!.data[place]!),
            right: sequence.questions.map(({ answer }, i) => {
              const scores = logits!.data.subarray(places[i]! * vocabulary, (places[i]! + 1) * vocabulary);
              return scores.every((score, token) => token === answer || score < scores[answer]!);
            }),
          });
        }
      }
      return evaluate(answered);
    },
  };
}

function drawMany<Settings>(
  { draw, plan }: Pick<TokenTask<Settings>, 'draw' | 'plan'>,
  count: number,
  stream: RandomStream,
): readonly TaskSequence[] {
  return Array.from({ length: count }, () => draw(stream, plan.settings));
}

function testsOf<Settings>(task: Pick<TokenTask<Settings>, 'draw' | 'plan' | 'stream'>): readonly TaskSequence[] {
  return drawMany(task, task.plan.tests, randomStream(task.stream, TEST_STREAM));
}

function feedsOf(sequences: readonly TaskSequence[]): Feeds {
  const asked = sequences.map(({ questions }) => new Set(questions.map(({ place }) => place)));
  return languageFeeds(
    sequences.map(({ tokens }) => tokens),
    (sequence, t) => asked[sequence]!.has(t),
  );
}

export function recallTrainee(plan: SyntheticPlan<AssociativeRecall>): Trainee {
  const { pairs, queries, keys, values } = plan.settings;
  return tokenTrainee({
    task: 'associative-recall',
    plan,
    stream: 2,
    draw: drawRecall,
    vocabulary: keys + values,
    length: 2 * (pairs + queries),
    ...measuredByPair('associative-recall', 'Associative recall', pairs),
    baselines: () => [guess('associative-recall', 1 / values)],
  });
}

export function lookupTrainee(plan: SyntheticPlan<KeyValueLookup>): Trainee {
  const { pairs, queries, symbols, values } = plan.settings;
  const task = { plan, stream: 3, draw: drawLookup };
  return tokenTrainee({
    ...task,
    task: 'key-value-lookup',
    vocabulary: 2 * symbols + values,
    length: 3 * (pairs + queries),
    ...measuredByPair('key-value-lookup', 'Key-value lookup', pairs),
    baselines: () => [
      guess('key-value-lookup', 1 / values),
      {
        name: 'second symbol of the key only',
        measures: { 'key-value-lookup': meanOf(testsOf(task).map(halfKeyAccuracy)) },
        curves: {},
      },
    ],
  });
}

function guess(task: string, accuracy: number) {
  return { name: 'chance', measures: { [task]: accuracy }, curves: {} };
}

/** Accuracy over all questions, and by the position of the pair with the answer. */
function measuredByPair(
  name: 'associative-recall' | 'key-value-lookup',
  title: string,
  pairs: number,
): Pick<Trainee, 'measures' | 'curves'> & { readonly evaluate: (answers: readonly Answered[]) => Measured } {
  return {
    measures: [{ name, table: 'in-context', title: title.toLowerCase(), better: 'higher', percent: true, digits: 1 }],
    curves: [
      {
        name: 'by pair',
        title,
        x: { title: 'place of the pair', values: Array.from({ length: pairs }, (_, i) => i + 1) },
        y: 'accuracy',
      },
    ],
    evaluate: answers => {
      const asked = answers.flatMap(({ sequence: { questions }, right }) =>
        questions.map(({ pair }, i) => ({ pair, right: right[i] ? 1 : 0 })),
      );
      const accuracy = (some: typeof asked) => meanOf(some.map(({ right }) => right));
      const byPair = Array.from({ length: pairs }, (_, k) => {
        const ofPair = asked.filter(({ pair }) => pair === k);
        return ofPair.length === 0 ? null : accuracy(ofPair);
      });
      return { measures: { [name]: accuracy(asked) }, curves: { 'by pair': byPair } };
    },
  };
}

export function chainTrainee(plan: SyntheticPlan<MarkovChain>): Trainee {
  const { states, length } = plan.settings;
  const task = { plan, stream: 4, draw: drawChain };
  const evaluate = (losses: readonly ArrayLike<number>[]): Measured => {
    const curve = meanOfEach(losses);
    return { measures: { 'markov-chain': meanOf(curve) }, curves: { losses: curve } };
  };
  const counts = (name: string, lossesOf: (tokens: readonly number[], states: number) => Float64Array) => ({
    name,
    ...evaluate(testsOf(task).map(({ tokens }) => lossesOf(tokens, states))),
  });
  return tokenTrainee({
    ...task,
    task: 'markov-chain',
    vocabulary: states,
    length,
    measures: [{ name: 'markov-chain', table: 'in-context', title: 'Markov chain, nats', better: 'lower', digits: 4 }],
    curves: [
      {
        name: 'losses',
        title: 'Markov chains in context',
        x: { title: 'states before', values: Array.from({ length: length - 1 }, (_, t) => t + 1) },
        y: 'cross-entropy, nats',
      },
    ],
    evaluate: answers => evaluate(answers.map(({ losses }) => losses)),
    baselines: () => [
      counts('chance', (tokens, states) => new Float64Array(tokens.length - 1).fill(Math.log(states))),
      counts('counts of states', unigramLosses),
      counts('counts of pairs (Bayes)', bigramLosses),
    ],
  });
}
