import { UserError } from '../../error.ts';
import { registerEvidence } from '../../study/evidence/register-study.ts';
import type { Given, JobOptions } from '../options/command-line.ts';
import { hooksOf, type Io } from '../terminal/io.ts';
import type { EvidenceCommandOptions } from './options.ts';
import { formatRegistration } from './view.ts';

export async function perform({ options }: Given<EvidenceCommandOptions & JobOptions>, io: Io): Promise<void> {
  const { planOnly, ...wishes } = options;
  if (!planOnly) throw new UserError('only registers a plan in this version', { option: 'planOnly' });
  const registration = await registerEvidence({ ...wishes, ...hooksOf(io) });
  io.answer(registration, () => formatRegistration(registration));
}
