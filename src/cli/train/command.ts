import { Command } from 'commander';
import { trainingPresets } from '../../train/presets.ts';
import { withCorpusOptions } from '../options/corpus-options.ts';
import { choice, withEverywhere, withExamples } from '../options/everywhere.ts';

export function trainCommand(): Command {
  const command = withCorpusOptions(new Command('train'))
    .description('train a GPT decoder from scratch on text files, with or without momentum attention')
    .addOption(
      choice(
        '--preset <name>',
        'tiny: about 1 million parameters, under two minutes; small: about 12 million, about an hour; paper-350m: Table 10 of the paper',
        trainingPresets,
      ).default('tiny'),
    )
    .option('--layers <number>', 'layers of the model')
    .option('--heads <number>', 'attention heads of a layer')
    .option('--hiddenSize <number>', 'hiddenSize of the model, a multiple of the heads')
    .option('--feed-forward <number>', 'hiddenSize inside the feed-forward (default: four times the hiddenSize)')
    .option('--context <number>', 'tokens of a sequence')
    .option(
      '--momentum <eta>',
      'momentum attention: 0 <= eta < 1, a list with one for each layer, lists for heads parted by semicolons, or learned',
    )
    .option('--batch <number>', 'sequences that go through the model together')
    .option('--accumulate <number>', 'batches whose gradients make one step')
    .option('--steps <number>', 'steps of Adam')
    .option('--warm-up <number>', 'steps until the learning rate is at its highest')
    .option('--learning-rate <number>', 'the highest')
    .option('--power <number>', 'of the decay behind the warm-up; 1 is a straight line')
    .option('--clip <number>', 'largest norm of the gradient')
    .option('--beta1 <number>', "decay of Adam's first moment")
    .option('--beta2 <number>', "decay of Adam's second moment")
    .option('--epsilon <number>', "Adam's epsilon")
    .option('--seed <number>', 'of the first weights and of the order of sequences', '1')
    .option('--evaluate-every <number>', 'steps between two validations (default: a twentieth of all)')
    .option('--checkpoint-every <number>', 'steps between two checkpoints (default: a twentieth of all)')
    .option('--out <folder>', 'the run folder, which becomes the folder of the model (default: runs/<signature>)')
    .option('--dry-run', 'say what would be computed: parameters, tokens, FLOPs, memory, time');
  return withExamples(withEverywhere(command), [
    { line: 'dualform train', says: 'about 1 million parameters on tiny Shakespeare, under two minutes' },
    { line: 'dualform train --momentum 0.1 --out runs/momentum', says: 'the same with momentum attention' },
    {
      line: 'dualform train --preset small --corpus books.txt,articles --document-separator "" --validation held-out.txt',
      says: 'about 12 million parameters on own texts, about an hour',
    },
    { line: 'dualform train --preset paper-350m --dry-run', says: 'what the model of the paper would cost here' },
  ]);
}
