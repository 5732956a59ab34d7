import type { CellOptions } from '../../cell/cell.ts';
import type { SweepKind } from '../../cell/kind.ts';
import { sweepStore } from '../../cell/sweep-store.ts';
import { checkOptions } from '../../options.ts';
import { modelKey } from '../../run/shared-model.ts';
import { estimateEvidence } from './cost.ts';
import { countArms } from './count-arms.ts';
import { type EvidenceWishes, evidenceOptions } from './options.ts';
import { SCHEMA } from './part-cells.ts';
import { planStudy } from './plan-study.ts';
import { runEvidence } from './run-study.ts';
import { studyParts } from './sweep-studies.ts';
import { unitsCost } from './unit-cost.ts';

const wishesIn = (options: CellOptions) => options as unknown as EvidenceWishes;

/** A study of the evidence, folded from its arms. Its cell holds the folder of the study. */
export const evidenceKind: SweepKind = {
  name: 'evidence',
  schema: SCHEMA,
  shape: evidenceOptions,
  check: options => void checkOptions(evidenceOptions, options),
  groupOf: options => modelKey(checkOptions(evidenceOptions, options)),
  costless: ['seenBefore'],
  figures: [],
  storeIn: sweepStore,
  parts: { name: 'arms', prepare: studyParts, count: countArms },
  open: () => ({
    compute: async (options, hooks) => {
      await runEvidence({ ...wishesIn(options), ...hooks });
    },
    needs: async (options, hooks) => {
      const { plan } = await planStudy(wishesIn(options), hooks);
      const tasks = plan.tasks.map(({ name, digest }) => [`task ${name}`, digest] as const);
      return { model: plan.model.digest, ...Object.fromEntries(tasks) };
    },
    cost: async (options, hooks, measure) => {
      const given = { ...wishesIn(options), ...hooks, ...(!measure && { speed: null }) };
      const study = await estimateEvidence(given);
      const { memoryBytes, seconds, diskBytes } = study;
      return { memoryBytes, seconds, diskBytes, parts: unitsCost(study) };
    },
    close: async () => undefined,
  }),
};
