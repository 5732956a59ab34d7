import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { openCheckpoint } from '../../../src/checkpoint/open.ts';
import { openDecoder } from '../../../src/model/open-decoder.ts';
import { goldenFamilies, goldenFolder } from '../../reference/golden.ts';
import { format, pick } from '../format.ts';
import { mutateJson } from '../mutate-json.ts';
import { strictJson } from '../strict-json.ts';

const seeds = goldenFamilies.map(([name]) => ({
  name,
  config: JSON.parse(readFileSync(`${goldenFolder(name)}config.json`, 'utf8')),
}));

/** The name of the golden model that the configuration belongs to, then the configuration. */
export const config = format({
  name: 'config.json',
  mutant: random => {
    const { name, config } = pick(random, seeds);
    return Buffer.concat([Buffer.from(`${name}\n`), mutateJson(config, random)]);
  },
  read: async (bytes, folder) => {
    const cut = bytes.indexOf(0x0a);
    const golden = goldenFolder(bytes.toString('utf8', 0, cut));
    const model = join(folder, basename(golden));
    if (!existsSync(model)) {
      mkdirSync(model);
      symlinkSync(join(golden, 'model.safetensors'), join(model, 'model.safetensors'));
    }
    writeFileSync(join(model, 'config.json'), bytes.subarray(cut + 1));
    return openDecoder(await openCheckpoint(model));
  },
  strict: (bytes, { hiddenSize, heads, keyValueHeads, headDim, layers, vocabulary, context }) => {
    const json = bytes.subarray(bytes.indexOf(0x0a) + 1);
    // Python, which writes these files, has names for numbers that JSON does not have.
    if (!/NaN|Infinity/.test(json.toString('latin1'))) strictJson(json);
    for (const [name, size] of Object.entries({
      hiddenSize,
      heads,
      keyValueHeads,
      headDim,
      layers,
      vocabulary,
      context,
    })) {
      if (!Number.isSafeInteger(size) || size < 1) throw new Error(`${name} is ${size}`);
    }
    if (heads % keyValueHeads !== 0) throw new Error(`${heads} heads share ${keyValueHeads}`);
  },
});
