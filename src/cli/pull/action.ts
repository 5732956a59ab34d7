import { isDatasetId, parseDatasetId } from '../../checkpoint/hub/hub-id.ts';
import { pullDataset } from '../../checkpoint/hub/open-dataset.ts';
import { type Pulled, pull } from '../../checkpoint/hub/pull.ts';
import { EMBEDDED_MODELS } from '../../checkpoint/models.ts';
import type { OpenProgress } from '../../checkpoint/open-options.ts';
import { formatBytes, formatPlural } from '../../report/format/number.ts';
import { Interrupted } from '../../run/interrupted.ts';
import { CommandError } from '../options/command-error.ts';
import type { Given } from '../options/command-line.ts';
import type { Io } from '../terminal/io.ts';

export async function perform({ argument }: Given<object>, io: Io): Promise<void> {
  const id = argument!;
  if (EMBEDDED_MODELS.some(({ name }) => name === id)) {
    throw new CommandError(`${id}: comes with dualform; use it as --model ${id}`, 2);
  }
  const pulled = await pullUntil(id, io);
  const bytes = sizeOf(pulled.files);
  const downloadedBytes = sizeOf(pulled.files.filter(file => file.downloaded));
  io.answer({ ...pulled, bytes, downloadedBytes }, () =>
    [
      `${pulled.name} at commit ${pulled.commit}`,
      '',
      ...pulled.files.map(file => `  ${file.name}  ${formatBytes(file.bytes)}${file.downloaded ? '' : '  (cached)'}`),
      '',
      `${formatPlural(pulled.files.length, 'file')}, ${formatBytes(bytes)}, each verified by its hash; ${formatBytes(downloadedBytes)} downloaded to ${pulled.folder}`,
    ].join('\n'),
  );
}

async function pullUntil(id: string, { offline, signal, progress }: Io): Promise<Pulled> {
  try {
    const options = { offline, signal, onProgress: (event: OpenProgress) => progress({ ...event, unit: 'bytes' }) };
    return await (isDatasetId(id) ? pullDataset(parseDatasetId(id), options) : pull(id, options));
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Interrupted('interrupted; what was downloaded is kept, the same command resumes from there', {
      cause: error,
    });
  }
}

function sizeOf(files: Pulled['files']): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
