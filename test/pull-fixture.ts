/**
 * @file A hub, an empty cache and a token-free environment for each test of a pull. Importing it
 * sets them up.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import type { PullOptions } from '../src/checkpoint/hub/fetch-files.ts';
import type { Pace } from '../src/checkpoint/hub/http.ts';
import { pull } from '../src/checkpoint/hub/pull.ts';
import { UserError } from '../src/error.ts';
import { removeHub, stubCaches } from './hub-environment.ts';
import { COMMIT, etagOf, type HubServer, startHub } from './hub-server.ts';

export const config = Buffer.from('{"model_type":"llama"}');
export const weights = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251));
export const files = { 'config.json': config, 'model.safetensors': weights, 'README.md': Buffer.from('not needed') };
export const pace: Pace = { tries: 4, backOffMs: 2, longestWaitMs: 30, silentMs: 300, abandonedMs: 400, lookMs: 5 };

export let place: string;
export let cache: string;
export let model: string;
export let hub: HubServer;
beforeEach(async () => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'dualform-hub-')));
  cache = join(place, 'hub');
  model = join(cache, 'models--org--name');
  hub = await startHub(files);
  stubCaches(place, hub);
});
afterEach(() => removeHub(place, hub));

export const fetchModel = (id = 'org/name', options: PullOptions = {}) => pull(id, { pace, ...options });
export const blobOf = (name: keyof typeof files) => join(model, 'blobs', etagOf(name, files[name]));
export const incomplete = () => readdirSync(join(model, 'blobs')).filter(name => name.includes('incomplete'));
export const bodiesAsked = () => hub.asked.filter(({ path }) => path.startsWith('/store/'));

export async function refusal(id?: string, options?: PullOptions): Promise<UserError> {
  const error = await fetchModel(id, options).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).not.toContain('\n');
  return error as UserError;
}

/** Nothing may look complete that is not. */
export function expectNothing(): void {
  expect(existsSync(blobOf('model.safetensors'))).toBe(false);
  expect(existsSync(join(model, 'snapshots', COMMIT, 'model.safetensors'))).toBe(false);
  expect(existsSync(join(model, 'refs', 'main'))).toBe(false);
}

export function expectWhole(): void {
  expect(readFileSync(join(model, 'snapshots', COMMIT, 'model.safetensors')).equals(weights)).toBe(true);
  expect(readFileSync(join(model, 'refs', 'main'), 'utf8')).toBe(COMMIT);
  expect(incomplete()).toEqual([]);
}
