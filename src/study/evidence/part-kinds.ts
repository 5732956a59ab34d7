import type { QueueKind } from '../../cell/kind.ts';
import type { OpenModels } from './open-models.ts';
import type { EvidenceWishes } from './options.ts';
import { SCHEMA } from './part-cells.ts';
import { type OpenStudy, partComputer, requireSamePlan } from './part-computer.ts';
import { partStore, sweepPartStore } from './part-store.ts';
import { planStudy } from './plan-study.ts';

const planAgain: OpenStudy = async (name, hooks) => {
  const planned = await planStudy(name.options as unknown as EvidenceWishes, hooks);
  requireSamePlan(planned, name);
  return planned;
};

const costless = ['task', 'arms', 'rates', 'matching'];

/**
 * Arms of a study, in its folder.
 *
 * @param open finds the study of a cell; it is planned again unless given
 * @param models stay open when the computer closes, for the next stage of the study
 */
export function armsKind(open: OpenStudy = planAgain, models?: OpenModels): QueueKind {
  return {
    name: 'evidence-arms',
    schema: SCHEMA,
    costless,
    storeIn: partStore,
    open: () => partComputer(open, models),
  };
}

/** Arms of the studies of a sweep. */
export const sweepArmsKind: QueueKind = {
  ...armsKind(),
  name: 'sweep-arms',
  storeIn: sweepPartStore,
};
