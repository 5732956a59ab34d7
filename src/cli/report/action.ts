import { relative, resolve } from 'node:path';
import { readFolder } from '../../explore/folders.ts';
import { withTexts } from '../../explore/token-texts.ts';
import { makeFolders } from '../../files/make-folders.ts';
import { writeText } from '../../files/run-folder.ts';
import { formatBytes, formatPlural } from '../../report/format/number.ts';
import { reportPage } from '../../report/page/report-page.tsx';
import type { Given } from '../options/command-line.ts';
import type { Io } from '../terminal/io.ts';
import { requireFilePlace } from '../terminal/output-file.ts';
import type { ReportOptions } from './options.ts';

export async function perform({ options, args = [] }: Given<ReportOptions>, io: Io): Promise<void> {
  const { out, model } = options;
  await requireFilePlace(out);
  const folders = await Promise.all(args.map(async folder => withTexts(await readFolder(folder), { model })));
  const page = await reportPage(folders);
  const file = resolve(out);
  await makeFolders(resolve(file, '..'));
  await writeText(file, page);
  const bytes = Buffer.byteLength(page);
  io.answer(
    { schema: 'dualform.report-file/1', file, bytes, folders: folders.map(({ name, kind }) => ({ name, kind })) },
    () =>
      [
        ...folders.map(({ name, kind }) => `${kind}: ${name}`),
        `The report of ${formatPlural(folders.length, 'folder')} is ${relative('.', file) || file} (${formatBytes(bytes)}).`,
      ].join('\n'),
  );
}
