import { expect, test } from 'vitest';
import { UserError } from './error.ts';
import { type Device, splitHooks } from './hooks.ts';

test.each(['cpu', 'webgpu', 'cuda', 'cuda:1', 'auto', undefined] as const)('accepts the device %s', device => {
  expect(splitHooks({ device }).hooks.device).toBe(device);
});

test.each(['gpu', 'cuda:', 'cuda:x', 'CPU', ''])('refuses the device "%s"', device => {
  const refused = () => splitHooks({ device: device as Device });
  expect(refused).toThrow(UserError);
  expect(refused).toThrow(/^device .*: must be cpu, webgpu, cuda, cuda:N with the number of a card, or auto$/);
});
