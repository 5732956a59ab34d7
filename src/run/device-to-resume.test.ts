import { expect, test } from 'vitest';
import { deviceToResume } from './provenance.ts';

const begun = (device: string) => ({ device });

test('a job begins on the device that is requested', () => {
  expect(deviceToResume('runs/a', 'webgpu', undefined)).toBe('webgpu');
  expect(deviceToResume('runs/a', undefined, undefined)).toBeUndefined();
});

test('a job resumes on its device, or on another of its class', () => {
  expect(deviceToResume('runs/a', undefined, begun('webgpu'))).toBe('webgpu');
  expect(deviceToResume('runs/a', 'auto', begun('webgpu'))).toBe('webgpu');
  expect(deviceToResume('runs/a', 'cuda:1', begun('cuda'))).toBe('cuda:1');
});

test('a device of another class is refused', () => {
  expect(() => deviceToResume('runs/a', 'webgpu', begun('cpu'))).toThrow(
    'device webgpu: runs/a was begun on cpu, which rounds otherwise; resume it with `device` cpu, or give another `out`',
  );
});
