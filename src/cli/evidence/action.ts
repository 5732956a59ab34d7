import { relative, resolve } from 'node:path';
import { readShard } from '../../cell/sweep.ts';
import { estimateEvidence } from '../../study/evidence/cost.ts';
import { foldFolder } from '../../study/evidence/fold-folder.ts';
import { registerEvidence } from '../../study/evidence/register-study.ts';
import { runEvidence } from '../../study/evidence/run-study.ts';
import type { Given, JobOptions } from '../options/command-line.ts';
import { hooksOf, type Io } from '../terminal/io.ts';
import { formatCost } from './cost-view.ts';
import type { EvidenceCommandOptions } from './options.ts';
import { formatEvidence, formatMissing, formatRegistration } from './view.ts';

export async function perform({ options }: Given<EvidenceCommandOptions & JobOptions>, io: Io): Promise<void> {
  const { planOnly, fold, shard, dryRun, ...wishes } = options;
  if (fold !== undefined) {
    const result = await foldFolder(fold);
    return io.answer(result, () => formatEvidence(result, resolve(fold)));
  }
  const common = { ...wishes, ...hooksOf(io) };
  if (dryRun) {
    const cost = await estimateEvidence(common);
    return io.answer(cost, () => formatCost(cost));
  }
  if (planOnly) {
    const registration = await registerEvidence(common);
    return io.answer(registration, () => formatRegistration(registration));
  }
  const { folder, registered, arms, result, timing, provenance } = await runEvidence({
    ...common,
    shard: shard === undefined ? undefined : readShard(shard),
    onRegistered: registration => io.note(`registered: ${registration.registered}`),
  });
  if (result === null) {
    process.exitCode = 3;
    const place = relative('.', folder) || folder;
    return io.answer({ folder, registered, ...arms }, () => formatMissing(arms, place));
  }
  io.answer({ ...result, timing, provenance }, () => formatEvidence(result, folder));
}
