import { conventionsOf } from '../../model/conventions.ts';
import { openDecoder } from '../../model/open-decoder.ts';
import { formatDecimal, formatProbability } from '../../report/format/number.ts';
import { scoreLabels } from '../../run/score.ts';
import { predict } from '../../run/scoring.ts';
import { formatTable } from '../format/table.ts';
import type { Given } from '../options/command-line.ts';
import type { Io } from '../terminal/io.ts';
import { readInput } from '../terminal/read-file.ts';
import { openModel, requireTokens, tokenizerFor, withModel } from '../with-model.ts';
import { parseDemonstrations, parseLabels } from './label-words.ts';
import type { ScoreOptions } from './options.ts';

export async function perform({ options }: Given<ScoreOptions>, io: Io): Promise<void> {
  const labels = parseLabels(options.labels);
  const demonstrations =
    options.demonstrations === undefined
      ? []
      : parseDemonstrations(options.demonstrations, await readInput(options.demonstrations), labels);
  const checkpoint = await openModel(options, io);
  const decoder = await openDecoder(checkpoint);
  const { encode, ...tokenizer } = await tokenizerFor(checkpoint, 'prompt');
  const { bos, separator } = conventionsOf(checkpoint, { encode, ...tokenizer }, options);
  const labelTokens = labels.map(encode);
  const prefixTokens = [
    bos,
    ...demonstrations.flatMap(({ prompt, label }) => [...encode(prompt), ...labelTokens[label]!, ...separator]),
  ];
  const prompt = encode(options.prompt);
  requireTokens([...prefixTokens, ...prompt, ...labelTokens.flat()], decoder, {
    place: `the tokenizer of ${checkpoint.source}`,
  });
  const scores = await withModel(checkpoint, io, model => scoreLabels(model, { prefixTokens, prompt, labelTokens }));
  const chosen = predict(scores);
  const { name, digest } = checkpoint;
  io.answer(
    {
      model: { name, digest },
      prompt: options.prompt,
      demonstrations: demonstrations.length,
      tokens: { prefix: prefixTokens, prompt },
      labels: labels.map((label, i) => ({
        label,
        tokens: labelTokens[i],
        logProbability: scores[i],
        probability: Math.exp(scores[i]!),
      })),
      prediction: labels[chosen],
    },
    () =>
      formatTable(
        ['label', 'log-probability', 'probability', ''],
        labels.map((label, i) => [
          JSON.stringify(label),
          formatDecimal(scores[i]!, 4),
          formatProbability(Math.exp(scores[i]!)),
          i === chosen ? '<- the most probable' : '',
        ]),
        { align: ['left', 'right', 'right'] },
      ),
  );
}
