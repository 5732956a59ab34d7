import { Command } from 'commander';
import { taskNames } from '../../study/momentum/plan.ts';
import { presetNames } from '../../study/momentum/presets.ts';
import { withCorpusOptions } from '../options/corpus-options.ts';
import { choice, withEverywhere, withExamples } from '../options/everywhere.ts';

export function momentumCommand(): Command {
  const command = withEverywhere(new Command('momentum'))
    .description('momentum attention beside plain attention: paired models from scratch, text and tasks in context')
    .addOption(choice('--preset <name>', 'tiny: a few minutes; small: an evening', [...presetNames]).default('tiny'))
    .option('--tasks <list>', `some of ${taskNames.join(',')} (default: all)`)
    .option('--etas <list>', "momenta to compare with plain attention, 0 < eta < 1, or learned (default: the preset's)")
    .option('--seeds <list>', 'of initial weights and batches; two at least (default: 1,2,3,4,5)')
    .option('--out <folder>', 'the folder of the study (default: runs/<signature>)')
    .option('--dry-run', 'say what would be trained: tokens, FLOPs, memory, time')
    .optionsGroup('Models (default: those of the preset; a number holds for every task):')
    .option('--steps <number>', 'of training')
    .option('--batch <number>', 'sequences of a step')
    .option('--learning-rate <number>', 'the highest')
    .option('--layers <number>', 'of a model')
    .option('--heads <number>', 'of a layer; they divide the hiddenSize')
    .option('--hiddenSize <number>', 'of a model')
    .option('--tests <number>', 'sequences by which a task other than language is evaluated')
    .optionsGroup('Language:');
  withCorpusOptions(command)
    .option('--context <number>', 'tokens of a sequence, a multiple of 4')
    .option('--evaluation-tokens <number>', 'tokens that each perplexity is taken over, at most')
    .option(
      '--classify <list>',
      'names from "dualform tasks" and files with rows as "run --task" takes them: classification in context',
    )
    .option('--shots <number>', 'demonstrations; fewer where the context ends')
    .option('--rows <number>', 'evaluation rows of each of them')
    .optionsGroup('Tasks in context:')
    .option('--dimensions <number>', 'linear regression: of an input')
    .option('--examples <number>', 'linear regression: before the last input')
    .option('--noise <number>', 'linear regression: standard deviation, added to answers')
    .option('--pairs <number>', 'recall and lookup: pairs that are shown')
    .option('--queries <number>', 'recall and lookup: keys that are asked for')
    .option('--keys <number>', 'recall: different keys')
    .option('--values <number>', 'recall and lookup: different values')
    .option('--symbols <number>', 'lookup: first, and second, symbols of keys')
    .option('--states <number>', 'Markov chain: different states')
    .option('--length <number>', 'Markov chain: states of a sequence');
  return withExamples(command, [
    { line: 'dualform momentum', says: 'all tasks with tiny models; interrupted, the same command goes on' },
    { line: 'dualform momentum --preset small --dry-run', says: 'what an evening would train, without doing it' },
    {
      line: 'dualform momentum --tasks markov-chain,associative-recall --etas 0.1,learned --seeds 1,2,3',
      says: 'own choices',
    },
    {
      line: 'dualform momentum --tasks language --corpus train.txt --context 512 --classify sst5,mr --json',
      says: 'text of your own, with classification in context',
    },
  ]);
}
