/**
 * @file Runs inputs one after the other and reports progress to `main.ts`, which notices when it
 * ends or hangs.
 */
import { inputOf, keepInput, tryInput } from './campaign.ts';
import type { Format } from './format.ts';
import { formats } from './formats/index.ts';

export interface Order {
  readonly format: string;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  readonly folder: string;
  /** Folder for accepted inputs. */
  readonly keep?: string | undefined;
}

export interface Report {
  readonly next: number;
  readonly accepted: number;
  readonly refused: number;
  readonly findings: readonly { readonly index: number; readonly what: string }[];
}

/** Inputs between two reports: `main.ts` then has few inputs to search. */
const CHUNK = 50;

process.on('message', async (order: Order) => {
  const format = formats.find(({ name }) => name === order.format) as Format;
  // Imports and the run to damage are ready: silence from here on means a hang.
  report(order.from, { accepted: 0, refused: 0 }, []);
  for (let next = order.from; next < order.to; ) {
    const end = Math.min(order.to, next + CHUNK);
    const count = { accepted: 0, refused: 0 };
    const findings: { index: number; what: string }[] = [];
    for (; next < end; next++) {
      const outcome = await tryInput(format, inputOf(format, order.seed, next), order.folder);
      if (outcome.kind === 'finding') findings.push({ index: next, what: outcome.what });
      else count[outcome.kind]++;
      if (outcome.kind === 'accepted' && order.keep !== undefined) keepInput(order.keep, format, order.seed, next);
    }
    report(next, count, findings);
  }
});

function report(next: number, count: Pick<Report, 'accepted' | 'refused'>, findings: Report['findings']): void {
  process.send!({ next, ...count, findings } satisfies Report);
}
