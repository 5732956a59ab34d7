import { type Hooks, splitHooks } from '../../hooks.ts';
import { exportArm } from './export-arm.ts';
import type { EvidenceWishes } from './options.ts';
import { planAndRegister, type Registration } from './register-study.ts';

/**
 * Writes the weights of an arm of a study, which is registered if it is not yet.
 *
 * @throws UserError as `registerEvidence` and `exportArm`
 */
export async function exportEvidence(
  options: EvidenceWishes & Hooks,
  file: { readonly arm: string; readonly to: string },
): Promise<Registration> {
  const { hooks, wishes } = splitHooks(options);
  const { planned, registration } = await planAndRegister(wishes, hooks);
  await exportArm(planned, { ...hooks, ...file, folder: registration.folder });
  return registration;
}
