import type { Progress } from '../hooks.ts';
import { computeCell } from './compute-cell.ts';
import { openComputers } from './computers.ts';
import type { CellKind, Kinds, Needs } from './kind.ts';
import type { Outcome } from './outcome.ts';
import type { CellProcessOptions, CellReply, CellRequest } from './process-protocol.ts';
import { sweepStore } from './sweep-store.ts';

/** Computes the cells that the parent process sends, one after the other. Ends with the parent. */
export function serveCells(kinds: Kinds): void {
  const { threads, device, offline } = JSON.parse(process.argv[2]!) as CellProcessOptions;
  const computers = openComputers<CellKind>();
  let work: AbortController | undefined;
  const reply = (message: CellReply) => process.send!(message, () => undefined);

  async function compute({ cell, root, needs, alone }: Extract<CellRequest, { kind: 'compute' }>): Promise<CellReply> {
    work = new AbortController();
    const hooks = {
      threads,
      device,
      offline,
      signal: work.signal,
      onWarning: (message: string) => reply({ kind: 'warning', message }),
      onProgress: (progress: Progress) => reply({ kind: 'progress', progress }),
    };
    try {
      const kind = kinds.get(cell.kind);
      if (kind?.schema !== cell.schema) {
        const own = kind === undefined ? 'does not know it' : `computes ${kind.schema}`;
        return refused(`the cell is of ${cell.kind} with ${cell.schema}, and this version ${own}`);
      }
      const computer = await computers.of(kind);
      if (needs !== undefined) {
        const missing = await whatIsMissing(needs, () => computer.needs!(cell.options, hooks));
        if (missing !== undefined) return refused(missing);
      }
      const place = { computer, root, store: alone ? sweepStore(root) : kind.storeIn(root) };
      return { kind: 'outcome', outcome: await computeCell(cell, place, hooks) };
    } catch (error) {
      if (work.signal.aborted) return { kind: 'stopped' };
      return { kind: 'error', message: error instanceof Error ? error.message : String(error) };
    }
  }

  process.on('message', async (request: CellRequest) => {
    if (request.kind === 'stop') work?.abort(new Error('stopped'));
    else if (request.kind === 'compute') reply(await compute(request));
    else {
      await computers.close().catch(() => undefined);
      process.disconnect();
    }
  });
  // Ctrl-C on a terminal goes to this process too; the parent decides what stops.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  // What is stored survives a kill, and nothing else needs an end.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
}

function refused(why: string): CellReply {
  return { kind: 'outcome', outcome: { status: 'refused', why } satisfies Outcome };
}

async function whatIsMissing(wanted: Needs, find: () => Promise<Needs>): Promise<string | undefined> {
  try {
    const found = await find();
    const other = Object.keys(wanted).find(name => found[name] !== wanted[name]);
    if (other === undefined) return undefined;
    return `the ${other} here has the digest ${short(found[other])}, and the cell names ${short(wanted[other])}`;
  } catch (error) {
    return (error as Error).message;
  }
}

function short(digest: string | undefined): string {
  return digest === undefined ? 'none' : digest.slice(0, 12);
}
