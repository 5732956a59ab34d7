import { UserError } from '../error.ts';
import { openRecordFile } from '../files/record-file.ts';

/** A line of train.jsonl: a step, or a validation after a step. Losses in nats per token. */
export type LogRow =
  | {
      readonly step: number;
      /** Before the step. */
      readonly loss: number;
      /** Before it is clipped. */
      readonly gradientNorm: number;
      readonly learningRate: number;
    }
  | { readonly step: number; readonly validationLoss: number };

export interface TrainingLog {
  /** All rows so far. */
  readonly rows: () => readonly LogRow[];
  readonly add: (row: LogRow) => void;
  /** Writes the added rows to the disk. */
  readonly flush: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Opens train.jsonl and cuts off rows after `step`, from which training continues.
 *
 * @throws UserError when rows before it are missing
 */
export async function openTrainingLog(file: string, step: number): Promise<TrainingLog> {
  const records = await openRecordFile(file);
  const rows: LogRow[] = [];
  for (const line of records.lines) {
    const row = parsed(line);
    if (row === undefined || row.step > step) break;
    rows.push(row);
  }
  if (rows.filter(row => 'loss' in row).length !== step) {
    await records.close();
    throw new UserError(`${file}: does not hold the ${step} steps of the checkpoint next to it`, {
      remedy: 'give another `out`',
    });
  }
  await records.cut(rows.length);
  let waiting = '';
  return {
    rows: () => rows,
    add: row => {
      rows.push(row);
      waiting += `${JSON.stringify(row)}\n`;
    },
    flush: async () => {
      const text = waiting;
      waiting = '';
      if (text !== '') await records.append(text);
    },
    close: records.close,
  };
}

function parsed(line: string): LogRow | undefined {
  try {
    return JSON.parse(line) as LogRow;
  } catch {
    return undefined;
  }
}
