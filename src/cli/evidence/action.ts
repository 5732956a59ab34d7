import { relative, resolve } from 'node:path';
import { readShard } from '../../cell/shard.ts';
import { UserError } from '../../error.ts';
import { estimateEvidence } from '../../study/evidence/cost.ts';
import { exportEvidence } from '../../study/evidence/export-evidence.ts';
import { foldFolder } from '../../study/evidence/fold-folder.ts';
import { registerEvidence } from '../../study/evidence/register-study.ts';
import { runEvidence } from '../../study/evidence/run-study.ts';
import type { Given, JobOptions } from '../options/command-line.ts';
import { executorOf } from '../options/executor.ts';
import { hooksOf, type Io } from '../terminal/io.ts';
import { formatCost } from './cost-view.ts';
import type { EvidenceCommandOptions } from './options.ts';
import { formatEvidence, formatMissing, formatRegistration } from './view.ts';

export async function perform({ options }: Given<EvidenceCommandOptions & JobOptions>, io: Io): Promise<void> {
  const { planOnly, fold, jobs, shard, dryRun, export: arm, to, ...wishes } = options;
  if (fold !== undefined) {
    const result = await foldFolder(fold);
    return io.answer(result, () => formatEvidence(result, resolve(fold)));
  }
  const common = { ...wishes, ...hooksOf(io) };
  const share = shard === undefined ? undefined : readShard(shard);
  if (dryRun) {
    const cost = await estimateEvidence({ ...common, shard: share });
    return io.answer(cost, () => formatCost(cost));
  }
  if (planOnly) {
    const registration = await registerEvidence(common);
    return io.answer(registration, () => formatRegistration(registration));
  }
  if (arm !== undefined) return exportTo(arm, to, common, io);
  const { folder, registered, arms, result, timing, provenance } = await runEvidence({
    ...common,
    executor: await executorOf(jobs),
    shard: share,
    onRegistered: registration => io.note(`registered: ${registration.registered}`),
  });
  if (result === null) {
    process.exitCode = 3;
    const place = relative('.', folder) || folder;
    return io.answer({ folder, registered, ...arms }, () => formatMissing(arms, place));
  }
  io.answer({ ...result, timing, provenance }, () => formatEvidence(result, folder));
}

async function exportTo(
  arm: string,
  to: string | undefined,
  options: Parameters<typeof exportEvidence>[0],
  io: Io,
): Promise<void> {
  if (to === undefined) throw new UserError('is required with `export`', { option: 'to' });
  const { folder, registered } = await exportEvidence(options, { arm, to });
  io.answer({ folder, registered, arm, file: resolve(to) }, () => `Wrote the weights of ${arm} to ${to}.`);
}
