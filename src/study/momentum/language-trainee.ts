import type { Momentum } from '../../model/momentum.ts';
import { gptConfig, languageFeeds, languageModel } from '../../train/gpt.ts';
import { batchOrder, packSequences, type Sequences } from '../../train/packing.ts';
import type { Trainer } from '../../train/trainer.ts';
import { classify, mostFrequentLabel, prepareClassification, withTrainedModel } from './classification.ts';
import { bigramLoss, unigramLoss } from './n-grams.ts';
import type { LanguagePlan } from './plan.ts';
import type { PlannedStudy } from './plan-study.ts';
import { type Measure, stepWork, type Trainee } from './trainee.ts';

/**
 * Shares of the training length at which validation text is evaluated (Dai et al., Table 6: 256,
 * 512, 1024 of 1024).
 */
const QUARTERS = [1, 2, 3, 4] as const;

/**
 * A language model on text. Perplexities at all lengths are of the same tokens, with different
 * numbers of tokens before them. Classification in context is that of `dualform run`.
 */
export function languageTrainee(
  plan: LanguagePlan,
  { text, classification }: NonNullable<PlannedStudy['language']>,
): Trainee {
  const { model, training, context, evaluated, tokenizer } = plan;
  const { vocabulary } = tokenizer;
  const configOf = (momentum: Momentum | undefined) =>
    gptConfig({
      ...{ ...model, vocabulary, context, endOfText: text.tokenizer.endOfText.id },
      ...(momentum !== undefined && { momentum }),
    });
  const classifications = classification.map(task =>
    prepareClassification(task, text.tokenizer.tokenizer, configOf(undefined), plan),
  );
  const lengths = QUARTERS.map(quarter => (context / 4) * quarter);
  const sequences = text.training;
  const trained = text.training.stream.subarray(0, evaluated.training + 1);
  const validated = text.validation.stream.subarray(0, evaluated.validation + 1);
  const orders = new Map<number, ReturnType<typeof batchOrder>>();
  const orderOf = (seed: number) => {
    const order = orders.get(seed) ?? batchOrder(sequences.length, training.batch, seed);
    orders.set(seed, order);
    return order;
  };
  return {
    task: 'language',
    training,
    step: stepWork(configOf(undefined), training.batch, context),
    objective: momentum => languageModel(configOf(momentum)),
    batch: (seed, step) => languageFeeds(orderOf(seed)(step).map(sequences.at)),
    measures: [
      perplexityColumn('training', `training, ${context} tokens`),
      ...lengths.map(length => perplexityColumn(`validation.${length}`, `validation, ${length}`)),
      ...classifications.map(
        ({ task }): Measure => ({
          ...{ name: `accuracy.${task.name}`, table: 'classification', title: task.name, better: 'higher' },
          ...{ percent: true, digits: 1 },
        }),
      ),
    ],
    curves: [
      {
        name: 'validation',
        title: 'Validation text',
        x: { title: 'tokens of a sequence', values: lengths },
        y: 'perplexity',
      },
    ],
    measure: async ({ trainer, runtime, momentum }) => {
      const tokens = training.batch * context;
      const perplexity = async (stream: Int32Array, length: number) =>
        Math.exp(await meanLoss(trainer, packSequences(stream, length), Math.floor(tokens / length)));
      const validation: number[] = [];
      for (const length of lengths) validation.push(await perplexity(validated, length));
      const accuracies: Record<string, number> = {};
      if (classifications.length > 0) {
        const config = configOf(momentum);
        const { parameters } = await trainer.state();
        await withTrainedModel(runtime, { config, objective: languageModel(config), parameters }, async loaded => {
          for (const each of classifications) accuracies[`accuracy.${each.task.name}`] = await classify(loaded, each);
        });
      }
      return {
        measures: {
          training: await perplexity(trained, context),
          ...Object.fromEntries(lengths.map((length, i) => [`validation.${length}`, validation[i]!])),
          ...accuracies,
        },
        curves: { validation },
      };
    },
    baselines: () => [
      ...(
        [
          ['counts of tokens', unigramLoss],
          ['counts of pairs', bigramLoss],
        ] as const
      ).map(([name, loss]) => {
        const perplexity = (stream: Int32Array) => Math.exp(loss(sequences.stream, stream, vocabulary));
        return {
          name,
          measures: {
            training: perplexity(trained),
            ...Object.fromEntries(lengths.map(length => [`validation.${length}`, perplexity(validated)])),
          },
          curves: {},
        };
      }),
      ...(classifications.length === 0
        ? []
        : [
            {
              name: 'the most frequent label',
              measures: Object.fromEntries(
                classifications.map(each => [`accuracy.${each.task.name}`, mostFrequentLabel(each)]),
              ),
              curves: {},
            },
          ]),
    ],
  };
}

function perplexityColumn(name: string, title: string): Measure {
  return { name, table: 'perplexity', title, better: 'lower', digits: 2 };
}

/** Mean loss over all sequences, `together` of them at once. */
async function meanLoss(trainer: Trainer, sequences: Sequences, together: number): Promise<number> {
  let sum = 0;
  for (let from = 0; from < sequences.length; from += together) {
    const count = Math.min(together, sequences.length - from);
    const batch = Array.from({ length: count }, (_, i) => sequences.at(from + i));
    const { losses } = await trainer.evaluate(languageFeeds(batch), ['losses']);
    for (const loss of losses!.data) sum += loss;
  }
  return sum / (sequences.length * sequences.context);
}
