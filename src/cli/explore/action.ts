import { explore, exportExplorer } from '../../explore/explore.ts';
import type { ChosenExploreOptions } from '../../explore/options.ts';
import { formatBytes } from '../../report/format/number.ts';
import type { Given } from '../options/command-line.ts';
import { hooksOf, type Io } from '../terminal/io.ts';

export async function perform({ options, args = [] }: Given<ChosenExploreOptions>, io: Io): Promise<void> {
  const { open, export: out, ...rest } = options;
  const job = { ...rest, folders: args, ...hooksOf(io) };
  if (out !== undefined) {
    const written = await exportExplorer(out, job);
    io.answer({ out, ...written }, () => `written to ${out}: ${written.files} files, ${formatBytes(written.bytes)}`);
    return;
  }
  const explorer = await explore(job);
  const { address, port } = explorer;
  io.answer({ address, port }, () => `dualform explore: ${address}`);
  io.note('serving until Ctrl-C');
  if (open) await openBrowser(address, io);
  if (!io.signal.aborted) {
    await new Promise<void>(resolve => io.signal.addEventListener('abort', () => resolve(), { once: true }));
  }
  await explorer.close();
}

async function openBrowser(address: string, io: Io): Promise<void> {
  const { default: open } = await import('open');
  const nothing = () => io.note('no browser could be opened; open the address yourself');
  try {
    (await open(address)).once('error', nothing);
  } catch {
    nothing();
  }
}
