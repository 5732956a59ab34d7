/** @file Scripts that compute a sweep on a cluster, shard by shard: a Slurm array, or an indexed Job of Kubernetes. */

import type { SweepCost } from '../../cell/sweep-cost.ts';
import type { Json } from '../../files/canonical-json.ts';

export interface ClusterJob {
  /** Path of the plan, as the cluster finds it. */
  readonly plan: string;
  readonly out: string;
  /** Shards at once. */
  readonly jobs: number;
  /** Of each shard. */
  readonly threads: number;
  readonly cost: SweepCost;
}

/** Slurm's usual limit of an array. */
const MOST_SHARDS = 1000;
/** A shard loads its model once, so it should take about an hour. */
const SHARD_SECONDS = 3600;
/** Machines of a cluster may be slower than this one, and a time limit kills what exceeds it. */
const SLOWER = 3;
const START_SECONDS = 600;
/** Where the memory of a cell is not known. */
const USUAL_BYTES = 4e9;
const SPARE = 1.25;

interface Shards {
  readonly count: number;
  readonly bytes: number;
  /** Undefined where the time is not known. */
  readonly seconds: number | undefined;
}

function shardsOf({ jobs, cost }: ClusterJob): Shards {
  const { cells, seconds, memoryBytes } = cost;
  const shared = cost.parts ?? { count: cells, longestSeconds: cost.longestSeconds, otherSeconds: 0 };
  const most = Math.min(shared.count, MOST_SHARDS);
  const wanted = seconds === null ? most : Math.ceil(seconds / SHARD_SECONDS);
  const count = Math.min(most, Math.max(wanted, jobs));
  const { longestSeconds, otherSeconds } = shared;
  const ofShard =
    longestSeconds === null || otherSeconds === null
      ? undefined
      : Math.ceil(shared.count / count) * longestSeconds + otherSeconds;
  return {
    count,
    bytes: SPARE * (memoryBytes ?? USUAL_BYTES),
    seconds: ofShard === undefined ? undefined : Math.ceil(START_SECONDS + SLOWER * ofShard),
  };
}

/** Exit 3 says that this shard is done and others are missing. */
const DONE = '[ "$?" -eq 3 ]';

/** A script for `sbatch`. A shard that is killed is queued again and continues. */
export function slurmScript(job: ClusterJob): string {
  const { count, bytes, seconds } = shardsOf(job);
  const { plan, out, jobs, threads } = job;
  return [
    '#!/bin/bash',
    '#SBATCH --job-name=dualform',
    `#SBATCH --array=1-${count}%${Math.min(jobs, count)}`,
    `#SBATCH --cpus-per-task=${threads}`,
    `#SBATCH --mem=${Math.ceil(bytes / 2 ** 20)}M`,
    ...(seconds === undefined ? [] : [`#SBATCH --time=${clock(seconds)}`]),
    '#SBATCH --requeue',
    'set -u',
    `dualform sweep ${quoted(plan)} --out ${quoted(out)} --shard "$SLURM_ARRAY_TASK_ID/${count}" --threads ${threads} || ${DONE}`,
    '',
  ].join('\n');
}

/** The folder of the plan and the sweep in the containers. */
const MOUNT = '/sweep';

/**
 * A Job for `kubectl apply -f`, with one completion a shard. Image and volume claim are called
 * `dualform`; plan and folder are relative to the volume.
 */
export function kubernetesJob(job: ClusterJob): Json {
  const { count, bytes, seconds } = shardsOf(job);
  const { plan, out, jobs, threads } = job;
  const shard = `"$((JOB_COMPLETION_INDEX + 1))/${count}"`;
  const command = `dualform sweep ${quoted(plan)} --out ${quoted(out)} --shard ${shard} --threads ${threads} || ${DONE}`;
  const memory = `${Math.ceil(bytes / 2 ** 20)}Mi`;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'dualform' },
    spec: {
      completionMode: 'Indexed',
      completions: count,
      parallelism: Math.min(jobs, count),
      backoffLimitPerIndex: 2,
      maxFailedIndexes: count,
      template: {
        spec: {
          restartPolicy: 'Never',
          ...(seconds !== undefined && { activeDeadlineSeconds: seconds }),
          containers: [
            {
              name: 'dualform',
              image: 'dualform',
              command: ['sh', '-c', command],
              workingDir: MOUNT,
              resources: { requests: { cpu: String(threads), memory }, limits: { memory } },
              volumeMounts: [{ name: 'sweep', mountPath: MOUNT }],
            },
          ],
          volumes: [{ name: 'sweep', persistentVolumeClaim: { claimName: 'dualform' } }],
        },
      },
    },
  };
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** days-hours:minutes:seconds, as Slurm reads it */
function clock(seconds: number): string {
  const two = (n: number) => String(Math.floor(n)).padStart(2, '0');
  const days = Math.floor(seconds / 86_400);
  return `${days}-${two((seconds % 86_400) / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
}
