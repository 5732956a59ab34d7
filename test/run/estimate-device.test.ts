import { afterEach, expect, test, vi } from 'vitest';
import { formatEstimate } from '../../src/cli/run/view.ts';
import { estimateRun } from '../../src/run/estimate/estimate.ts';
import { tinyRun } from './tiny.ts';

afterEach(() => vi.unstubAllEnvs());

test('the estimate for a device that is not there has no times, and says why', async () => {
  vi.stubEnv('VK_ICD_FILENAMES', '/nowhere.json');
  vi.stubEnv('VK_DRIVER_FILES', '/nowhere.json');
  const estimate = await estimateRun({ ...tinyRun, device: 'webgpu' });
  expect(estimate).toMatchObject({
    speed: null,
    total: { seconds: null },
    unmeasured: expect.stringMatching(/^device webgpu is not there: /),
  });
  expect(formatEstimate(estimate)).toMatch(/\nTime: not estimated; device webgpu is not there: .*\.$/);
});

test('the estimate says which device was measured', async () => {
  const estimate = await estimateRun({ ...tinyRun, device: 'cpu' });
  expect(estimate).toMatchObject({ speed: { device: 'cpu' }, unmeasured: null });
  expect(estimate.total.seconds).toBeGreaterThan(0);
});
