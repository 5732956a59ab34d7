/**
 * Writes a random checkpoint of a published architecture, for tests and benchmarks of its size:
 *
 *     npx tsx bench/random-checkpoint/main.ts fairseq-dense-1.3B --out FOLDER [--format fairseq] [--dtype F16] [--seed 1]
 *
 * `--format safetensors` (the default) writes a folder in Hugging Face's format, `fairseq` a
 * model.pt with its dict.txt; `--dtype` is F32 (the default), F16 or BF16. It holds only a few
 * megabytes in memory.
 */
import { Argument, Command, Option } from 'commander';
import { ARCHITECTURES, type ArchitectureName } from './architectures.ts';
import { writeFairseq, writeFolder } from './write-checkpoint.ts';

await new Command('random-checkpoint')
  .addArgument(new Argument('<architecture>').choices(Object.keys(ARCHITECTURES)))
  .requiredOption('--out <folder>')
  .addOption(new Option('--format <format>').choices(['safetensors', 'fairseq']).default('safetensors'))
  .addOption(new Option('--dtype <type>').choices(['F32', 'F16', 'BF16']).default('F32'))
  .option('--seed <number>', 'fixes every weight', Number, 1)
  .action(async (name: ArchitectureName, { out, format, dtype, seed }) => {
    const write = format === 'fairseq' ? writeFairseq : writeFolder;
    await write(out, { config: ARCHITECTURES[name], dtype, seed });
  })
  .parseAsync();
