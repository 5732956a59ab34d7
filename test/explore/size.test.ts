import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const assets = fileURLToPath(new URL('../../dist/explorer/assets/', import.meta.url));

test('the code of the page, its libraries and its style, without onnxruntime, takes at most 350 kB', () => {
  const files = readdirSync(assets).filter(name => !name.startsWith('onnxruntime-web-'));
  const sizes = files.map(name => gzipSync(readFileSync(`${assets}${name}`)).length);
  const total = sizes.reduce((sum, size) => sum + size, 0) / 1000;
  console.log(`the explorer's page: ${total.toFixed(0)} kB compressed, in ${files.length} files`);
  expect(files.length).toBeGreaterThan(3);
  expect(total).toBeLessThanOrEqual(350);
});
