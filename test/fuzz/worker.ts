/**
 * @file Runs inputs one after the other and says on its channel where it is; what kills or hangs it
 * is noticed by `main.ts`.
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
  /** Where inputs that were taken are kept. */
  readonly keep?: string | undefined;
}

export interface Report {
  readonly next: number;
  readonly accepted: number;
  readonly refused: number;
  readonly findings: readonly { readonly index: number; readonly what: string }[];
}

/** Often enough for `main.ts` to find the input that hangs, seldom enough to cost nothing. */
const CHUNK = 50;

process.on('message', async (order: Order) => {
  const format = formats.find(({ name }) => name === order.format) as Format;
  // Its imports and the run that it damages are ready: silence from here on means that a reader
  // hangs.
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
