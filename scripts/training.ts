/**
 * Writes table and figure of docs/training.md from the folder of a training run:
 *
 *     npx tsx scripts/training.ts RUN_FOLDER
 */
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reportTable } from '../bench/report-table.ts';
import { predictionRow } from '../src/cli/train/view.ts';
import { formatClock, formatCount, formatDecimal } from '../src/report/format/number.ts';
import type { TrainRun } from '../src/train/run.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: npx tsx scripts/training.ts RUN_FOLDER');
const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
const { model, steps, tokensSeen, epochs, predictions } = read('result.json') as TrainRun['result'];
const { timing, provenance } = read('provenance.json') as Pick<TrainRun, 'timing' | 'provenance'>;

const seconds = Object.values(timing.seconds).reduce((sum, each) => sum + each, 0);
reportTable(
  {
    conditions:
      `${formatCount(model.parameters)} parameters, ${formatCount(steps)} steps, ${formatCount(tokensSeen)} tokens (${formatDecimal(epochs, 1)} ` +
      `times through the corpus) in ${formatClock(seconds)}, ${formatCount(timing.tokens.training / timing.seconds.training)} tokens a second; ` +
      `${provenance.cpu}, ${provenance.threads} threads, ${provenance.runtime}.`,
    head: ['at the end', 'loss (nats a token)', 'perplexity', 'bits a byte', 'tokens'],
    rows: [predictionRow('training', predictions.training), predictionRow('validation', predictions.validation)],
  },
  { page: 'training.md', name: 'training' },
);
copyFileSync(
  join(folder, 'losses.svg'),
  fileURLToPath(new URL('../docs/figures/training-losses.svg', import.meta.url)),
);
