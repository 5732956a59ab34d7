import { UserError } from '../../error.ts';
import type { Decoder } from '../../model/decoder.ts';
import { openTask } from '../../task/open-task.ts';
import type { Task } from '../../task/task.ts';
import {
  PAPER_MODELS,
  type PaperSettings,
  type PaperSize,
  type PaperTask,
  type PresetName,
  paperSettings,
  paperSizes,
  paperTasks,
} from './paper.ts';

/** A preset on a model and a task. */
export interface Preset {
  readonly size: PaperSize;
  readonly task: PaperTask;
  readonly settings: PaperSettings;
  /** The task with the prompt of the official code. */
  readonly official: Task;
  /** True for a task file of the user's. */
  readonly ownRows: boolean;
}

const FAMILIES = ['fairseq_gpt', 'xglm'];
// XGLM 1.7B has the layers and the hiddenSize of the 1.3B model, and 256,008 tokens; those of GPT-2
// and fairseq's own are under 51,000.
const MOST_TOKENS = 60_000;

/**
 * Which model of the paper this is, by family, layers, hiddenSize and vocabulary; undefined for any
 * other.
 */
export function paperSizeOf({
  family,
  layers,
  hiddenSize,
  vocabulary,
}: Pick<Decoder, 'family' | 'layers' | 'hiddenSize' | 'vocabulary'>): PaperSize | undefined {
  if (!FAMILIES.includes(family) || vocabulary > MOST_TOKENS) return undefined;
  return paperSizes.find(size => PAPER_MODELS[size].layers === layers && PAPER_MODELS[size].hiddenSize === hiddenSize);
}

/**
 * What a preset means for a model and a task. Rows of the user's own are taken for a task of the
 * paper by their name.
 *
 * @throws UserError when the model is none of the paper's and no size is named, or the paper has no
 * such task
 */
export async function choosePreset(
  name: PresetName,
  model: { readonly name: string; readonly decoder: Decoder },
  task: Pick<Task, 'name' | 'digest'>,
): Promise<Preset> {
  const { family, layers, hiddenSize } = model.decoder;
  const size = paperSizes.find(each => name === `paper:${each}`) ?? paperSizeOf(model.decoder);
  if (size === undefined) {
    throw new UserError(
      `${model.name} (${family}, ${layers} layers, hidden size ${hiddenSize}) is none of the paper's models`,
      {
        option: 'preset',
        value: name,
        remedy: `name the one whose settings you want: ${paperSizes.map(each => `\`preset\` paper:${each}`).join(' or ')}`,
      },
    );
  }
  const found = paperTasks.find(each => each === task.name);
  if (found === undefined) {
    throw new UserError(`the paper has no task ${task.name}`, {
      option: 'preset',
      value: name,
      remedy: `choose from ${paperTasks.join(', ')}`,
    });
  }
  const official = await openTask(found, { template: 'code' });
  const asPrinted = await openTask(found, { template: 'paper' });
  return {
    size,
    task: found,
    settings: paperSettings(size, found),
    official,
    ownRows: task.digest !== official.digest && task.digest !== asPrinted.digest,
  };
}
