/** @file The registered study of docs/evidence.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openCheckpoint } from '../../src/checkpoint/open.ts';
import { registerEvidence } from '../../src/study/evidence/register-study.ts';
import { scratch } from '../run/tiny.ts';

const REGISTERED = 'e653aba296e9be0c0fe53e4a4e5c282e188cb9ddeca347ac851f2ad6070b7b94';
const committed = fileURLToPath(new URL('../../docs/evidence/standard/plan.json', import.meta.url));

/** The weights of the embedded model are in a package of their own. */
const missing = await openCheckpoint('smollm2-135m-instruct', { offline: true }).then(
  () => undefined,
  (error: Error) => error.message,
);

test.skipIf(missing !== undefined)(
  `its options write the plan that was registered${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  async () => {
    const out = scratch();
    const { registered } = await registerEvidence({ preset: 'standard', offline: true, out });
    expect(registered).toBe(REGISTERED);
    expect(readFileSync(join(out, 'plan.json'), 'utf8')).toBe(readFileSync(committed, 'utf8'));
  },
);
