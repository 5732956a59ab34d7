/** @file The devices that the same tests run on. */
import { afterAll } from 'vitest';
import { openRuntime } from '../../src/runtime/node/open-runtime.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import type { WebDevice } from '../../src/runtime/web/open-executor.ts';
import { type Browser, browserFile, openBrowser } from './browser.ts';

export interface TestRuntime extends Runtime {
  /** Ends what computes, unexpectedly. */
  readonly kill: () => void;
}

export interface Device {
  readonly name: string;
  readonly open: () => Promise<TestRuntime>;
  /** What may differ in an operator, as a share of the largest number of its result. */
  readonly tolerance: number;
  /** The same for sine and cosine. */
  readonly waveTolerance: number;
  /** By how many bytes the memory may grow while 20 sessions of 12 MiB are opened, run and closed. */
  readonly growth: number;
}

const FEW = 48 * 2 ** 20;

let browser: Promise<Browser> | undefined;
afterAll(async () => (await browser)?.close());

/** The browser that the tests of a file share. */
export function sharedBrowser(): Promise<Browser> {
  browser ??= openBrowser();
  return browser;
}

/** Whether there is a browser; prints that its tests are skipped where there is none. */
export function hasBrowser(): boolean {
  if (browserFile() !== undefined) return true;
  console.warn(
    'skipped in a browser: no Chromium was found; set CHROMIUM to its file, or install the package chromium',
  );
  return false;
}

const cpu: Device = {
  name: 'cpu',
  async open() {
    const runtime = await openRuntime({ threads: 1 });
    return { ...runtime, kill: () => process.kill(runtime.pid, 'SIGKILL') };
  },
  tolerance: 1e-6,
  waveTolerance: 1e-6,
  growth: FEW,
};

export function inBrowser(device: WebDevice): Device {
  return {
    name: `${device} in a browser`,
    open: async () => (await sharedBrowser()).openRuntime({ device, threads: 1 }),
    tolerance: 1e-5,
    // WGSL promises sine and cosine to 2^-11 only.
    waveTolerance: device === 'webgpu' ? 2 ** -11 : 1e-5,
    growth: FEW,
  };
}

/** Of the tests that run everywhere. */
export const devices = [cpu, ...(hasBrowser() ? [inBrowser('wasm')] : [])];
