import type { Similarity } from '../../metric/fold.ts';
import type { Prepared } from '../prepare.ts';
import type { ExperimentResult } from '../result.ts';
import {
  type FigureName,
  PAPER_FIGURES,
  PAPER_MODELS,
  type PaperFigure,
  type PaperSettings,
  type PaperSize,
  type PaperTask,
  paperTasks,
  REPRODUCTION,
  SOURCES,
} from './paper.ts';
import { type Preset, paperSizeOf } from './preset.ts';

/**
 * A figure of the paper next to the measured one: accuracies as shares, Rec2FTP in percent, as in
 * `result.json`.
 */
export interface ComparedFigure {
  readonly name: FigureName;
  /** Of the paper. */
  readonly table: PaperFigure['table'];
  /** Null with `why`. */
  readonly measured: number | null;
  readonly why?: string;
  readonly paper: number;
  /** Measured less paper. */
  readonly difference: number | null;
  /** The independent float32 reproduction, where it has the figure. */
  readonly reproduction?: {
    readonly value: number;
    /** Measured less reproduction. */
    readonly difference: number | null;
    /** Of Rec2FTP. */
    readonly numerator?: number;
    readonly denominator?: number;
    readonly perLayer?: readonly number[];
    /** Null where the measured model has other layers. */
    readonly largestLayerDifference?: number | null;
  };
}

/** A choice that is not the paper's. */
export interface Departure {
  readonly choice: string;
  readonly here: string;
  readonly paper: string;
}

/** A run next to the paper: `paper.json` in its folder. A function of plan and result. */
export interface PaperComparison {
  readonly schema: 'dualform.paper/1';
  /** Of the run. */
  readonly signature: string;
  readonly preset: { readonly name: 'paper'; readonly size: PaperSize; readonly model: string };
  readonly task: PaperTask;
  /** The paper's. */
  readonly settings: PaperSettings;
  /**
   * Where they stand as published a seed picks the rows that it picked for the paper; null for rows
   * of the user's own.
   */
  readonly trainingRows: { readonly asPublished: boolean | null; readonly why?: string };
  /** Whether they are the paper's: rows, seed and number; null where that cannot be known. */
  readonly sameDemonstrations: boolean | null;
  readonly departures: readonly Departure[];
  readonly figures: readonly ComparedFigure[];
  readonly sources: typeof SOURCES;
}

/** Why the embedded training rows give other demonstrations than the paper's, whatever the seed. */
const OTHER_ROWS: Readonly<Partial<Record<PaperTask, string>>> = {
  sst2: "GLUE's training rows in another order",
  subj: 'published order of the training rows lost',
  agnews: '8,776 of the 120,000 training rows',
};

/** Sets the result of a run next to the paper's figures; undefined when no preset was requested. */
export function comparePaper(prepared: Prepared, result: ExperimentResult): PaperComparison | undefined {
  const { preset, signature } = prepared;
  if (preset === undefined) return undefined;
  return {
    schema: 'dualform.paper/1',
    signature,
    preset: { name: 'paper', size: preset.size, model: PAPER_MODELS[preset.size].name },
    task: preset.task,
    settings: preset.settings,
    trainingRows: trainingRowsOf(preset),
    sameDemonstrations: sameDemonstrations(prepared, preset),
    departures: departuresOf(prepared, preset),
    figures: PAPER_FIGURES.map(figure => compare(figure, preset, result)),
    sources: SOURCES,
  };
}

function trainingRowsOf({ task, ownRows }: Preset): PaperComparison['trainingRows'] {
  if (ownRows) return { asPublished: null, why: 'rows of your own' };
  const why = OTHER_ROWS[task];
  return why === undefined ? { asPublished: true } : { asPublished: false, why };
}

function sameDemonstrations({ plan }: Prepared, preset: Preset): boolean | null {
  const { seed, shots } = preset.settings;
  return plan.seed === seed && plan.shots === shots ? trainingRowsOf(preset).asPublished : false;
}

function departuresOf({ plan, decoder, tokenizer, task }: Prepared, preset: Preset): readonly Departure[] {
  const { settings, official, size } = preset;
  const { name, layers, hiddenSize } = PAPER_MODELS[size];
  const departures: Departure[] = [];
  const compareChoice = (choice: string, here: unknown, paper: unknown) => {
    if (String(here) !== String(paper)) departures.push({ choice, here: String(here), paper: String(paper) });
  };
  if (paperSizeOf(decoder) !== size) {
    const here = `${plan.model.name} (${decoder.family}, ${decoder.layers} layers, hidden size ${decoder.hiddenSize})`;
    compareChoice('model', here, `${name} (${layers} layers, hidden size ${hiddenSize})`);
  } else {
    const tokens = (...ids: readonly unknown[]) => `token ${ids.join(', ')}`;
    compareChoice('BOS', tokens(plan.bos), tokens(tokenizer.tokenId('<s>')));
    compareChoice('separator', tokens(...plan.separator), tokens(tokenizer.tokenId('</s>')));
  }
  compareChoice('seed', plan.seed, settings.seed);
  if (plan.learningRate !== null) compareChoice('learning rate', plan.learningRate, settings.learningRate);
  compareChoice('shots', plan.shots, settings.shots);
  if (task.template !== official.template) {
    compareChoice('template', plan.task.template === 'paper' ? 'paper' : 'your own', 'code');
  }
  compareChoice('label words', task.labels, official.labels);
  compareChoice('tap', plan.tap, 'label');
  compareChoice('evaluation rows', plan.examples, settings.examples);
  compareChoice('arithmetic', 'float32', 'float16');
  return departures;
}

function compare(figure: PaperFigure, { size, task }: Preset, result: ExperimentResult): ComparedFigure {
  const { name, table } = figure;
  const { value: measured, why, perLayer } = measuredFigure(name, result);
  const paper = inUnitOfResult(figure, figure.printed[size][paperTasks.indexOf(task)]!);
  return {
    name,
    table,
    measured,
    ...(measured === null && why !== undefined && { why }),
    paper,
    difference: difference(measured, paper),
    ...(size === '1.3B' && reproduced(name, task, measured, perLayer)),
  };
}

function reproduced(
  name: FigureName,
  task: PaperTask,
  measured: number | null,
  perLayer: readonly (number | null)[],
): Pick<ComparedFigure, 'reproduction'> {
  const { figures, corrected, perLayer: layersOf } = REPRODUCTION[task];
  const [value, layers] = [figures[name], layersOf[name]];
  if (value === undefined) return {};
  return {
    reproduction: {
      value,
      difference: difference(measured, value),
      ...(name === 'rec2ftp' && { numerator: corrected.both!, denominator: corrected.finetuned! }),
      ...(layers && { perLayer: layers, largestLayerDifference: largestDifference(perLayer, layers) }),
    },
  };
}

/** A figure of the paper as a run found it. Accuracies are shares, Rec2FTP is in percent. */
export function measuredFigure(
  name: FigureName,
  { accuracy, rec2ftp, simAOU, simAM, kendall }: ExperimentResult,
): Pick<Similarity, 'value' | 'perLayer' | 'why'> {
  const share = (setting: keyof typeof accuracy) => ({
    ...(accuracy[setting] === undefined
      ? { value: null, why: `needs the setting ${setting}` }
      : { value: accuracy[setting] }),
    perLayer: [],
  });
  switch (name) {
    case 'accuracy.zero-shot':
      return share('zero-shot');
    case 'accuracy.finetuned':
      return share('finetuned');
    case 'accuracy.in-context':
      return share('in-context');
    case 'rec2ftp':
      return { ...rec2ftp, perLayer: [] };
    case 'simAOU':
      return simAOU;
    case 'simAOU.random':
      return simAOU.random;
    case 'simAM':
      return simAM;
    case 'simAM.zeroShot':
      return simAM.zeroShot;
    case 'kendall':
      return kendall;
    case 'kendall.random':
      return kendall.random;
  }
}

/** A printed number as a result has it: accuracies as shares. */
function inUnitOfResult({ table, digits }: PaperFigure, printed: number): number {
  return table === 1 ? Number((printed / 100).toFixed(digits + 2)) : printed;
}

function difference(measured: number | null, other: number): number | null {
  return measured === null ? null : measured - other;
}

function largestDifference(measured: readonly (number | null)[], other: readonly number[]): number | null {
  if (measured.length !== other.length) return null;
  const differences = measured.flatMap((value, layer) => (value === null ? [] : [Math.abs(value - other[layer]!)]));
  return differences.length === 0 ? null : Math.max(...differences);
}
