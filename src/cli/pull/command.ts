import { Argument, Command } from 'commander';
import { withEverywhere, withExamples } from '../options/everywhere.ts';

export function pullCommand(): Command {
  const command = new Command('pull')
    .description('download a model or a data set from the Hugging Face hub into the cache that the Python tools share')
    .addArgument(
      new Argument(
        '<id>',
        'org/name, or org/name@revision: a branch, a tag or a commit; hf:org/name[:config] for a data set',
      ),
    );
  return withExamples(withEverywhere(command), [
    { line: 'dualform pull openai-community/gpt2', says: 'then: dualform run --model openai-community/gpt2' },
    { line: 'dualform pull hf:stanfordnlp/sst2', says: 'a data set: its .parquet files' },
    {
      line: 'dualform pull EleutherAI/pythia-70m@step3000',
      says: 'another revision; HF_TOKEN opens gated models, HF_HUB_CACHE moves the cache',
    },
  ]);
}
