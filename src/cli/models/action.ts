import { EMBEDDED_MODELS } from '../../checkpoint/models.ts';
import { families } from '../../model/families/index.ts';
import { formatBytes, formatCount } from '../../report/format/number.ts';
import { DEFAULT_MODEL } from '../../run/options.ts';
import type { Given } from '../options/command-line.ts';
import type { Io } from '../terminal/io.ts';

export async function perform(_: Given<object>, io: Io): Promise<void> {
  const models = EMBEDDED_MODELS.map(model => ({
    ...model,
    default: model.name === DEFAULT_MODEL,
  }));
  io.answer({ models, families: Object.keys(families) }, () =>
    [
      ...models.flatMap(model => [
        `${model.name}${model.default ? ' (the default)' : ''}`,
        `  family    ${model.family}, ${formatCount(model.parameters)} parameters`,
        `  origin    ${model.source}`,
        `  licence   ${model.licence}`,
        `  disk      ${formatBytes(model.bytes)} in ${model.package}, ${formatBytes(model.cacheBytes)} unpacked in the cache`,
        `  memory    up to ${formatBytes(model.memoryBytes)} for a run`,
        '',
      ]),
      `Other models: a hub id org/name, a folder with config.json and weights, a .gguf file, or a fairseq model.pt, of one of these families: ${Object.keys(families).join(', ')}.`,
    ].join('\n'),
  );
}
