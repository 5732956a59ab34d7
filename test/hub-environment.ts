import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { HubServer } from './hub-server.ts';

/** Points the caches into a folder and the hub to a server, without a token. */
export function stubCaches(place: string, { endpoint }: HubServer): void {
  for (const name of ['HF_HUB_OFFLINE', 'HF_TOKEN', 'HF_HOME', 'HUGGINGFACE_HUB_CACHE']) vi.stubEnv(name, '');
  vi.stubEnv('HF_HUB_CACHE', join(place, 'hub'));
  vi.stubEnv('DUALFORM_CACHE', join(place, 'dualform'));
  vi.stubEnv('HF_ENDPOINT', endpoint);
}

/** Ends what `stubCaches` began. */
export async function removeHub(place: string, hub: HubServer): Promise<void> {
  vi.unstubAllEnvs();
  await hub.close();
  rmSync(place, { recursive: true });
}
