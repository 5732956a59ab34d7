import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { type ClusterJob, kubernetesJob, slurmScript } from './cluster.ts';

const cost = {
  schema: 'dualform.sweep-estimate/1',
  cells: 100,
  seconds: 36_000,
  longestSeconds: 400,
  memoryBytes: 2 ** 30,
  diskBytes: 1,
  parts: null,
} as const;
const job: ClusterJob = { plan: "it's plan.json", out: 'o ut', jobs: 4, threads: 8, cost };

/** Runs a script with a `dualform` that prints its arguments and ends with `exitCode`. */
function runWith(exitCode: number, script: string, env: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'dualform-cluster-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'dualform'), `#!/bin/sh\nprintf '%s\\n' "$@"\nexit ${exitCode}\n`);
  chmodSync(join(folder, 'dualform'), 0o755);
  const path = `${folder}${delimiter}${process.env.PATH}`;
  return spawnSync('bash', ['-c', script], { env: { ...env, PATH: path }, encoding: 'utf8' });
}

const expectedWords = (shard: string) => ['sweep', job.plan, '--out', 'o ut', '--shard', shard, '--threads', '8'];

describe('slurmScript', () => {
  const script = slurmScript(job);

  test('is a script for bash, with the resources of the estimate', () => {
    expect(spawnSync('bash', ['-n'], { input: script }).status).toBe(0);
    // Ten shards of ten cells, three times slower than here, and ten minutes to start: 12,600 s.
    const lines = ['--array=1-10%4', '--cpus-per-task=8', '--mem=1280M', '--time=0-03:30:00', '--requeue'];
    for (const line of lines) expect(script.split('\n')).toContain(`#SBATCH ${line}`);
  });

  test.each([
    [0, 0],
    [3, 0],
    [1, 1],
  ])('calls its shard; where that ends with %i, it ends with %i', (exitCode, expected) => {
    const { stdout, status } = runWith(exitCode, script, { SLURM_ARRAY_TASK_ID: '7' });
    expect(stdout.trim().split('\n')).toEqual(expectedWords('7/10'));
    expect(status).toBe(expected);
  });

  test('shards share the parts of cells, where these have some', () => {
    const parts = { count: 60, longestSeconds: 300, otherSeconds: 600 };
    const oneStudy = { ...cost, cells: 1, seconds: 7200, longestSeconds: 7200, parts };
    const shared = slurmScript({ ...job, cost: oneStudy }).split('\n');
    // Four shards of 15 parts and the rest, three times slower than here, and ten minutes to start.
    for (const line of ['--array=1-4%4', '--time=0-04:25:00']) expect(shared).toContain(`#SBATCH ${line}`);
  });

  test('costs that are not known: one cell a shard, and no time limit', () => {
    const unknown = slurmScript({ ...job, cost: { ...cost, seconds: null, longestSeconds: null, memoryBytes: null } });
    expect(unknown).toContain('--array=1-100%4');
    expect(unknown).not.toContain('--time');
  });
});

describe('kubernetesJob', () => {
  /** What batch/v1 says of the fields that are used. */
  const schema = z.strictObject({
    apiVersion: z.literal('batch/v1'),
    kind: z.literal('Job'),
    metadata: z.strictObject({ name: z.string().regex(/^[a-z0-9-]{1,63}$/) }),
    spec: z.strictObject({
      completionMode: z.literal('Indexed'),
      completions: z.int().positive(),
      parallelism: z.int().positive(),
      backoffLimitPerIndex: z.int().nonnegative(),
      maxFailedIndexes: z.int().nonnegative(),
      template: z.strictObject({
        spec: z.strictObject({
          // backoffLimitPerIndex needs it.
          restartPolicy: z.literal('Never'),
          activeDeadlineSeconds: z.int().positive(),
          containers: z.tuple([
            z.strictObject({
              name: z.string(),
              image: z.string(),
              command: z.tuple([z.literal('sh'), z.literal('-c'), z.string()]),
              workingDir: z.string().startsWith('/'),
              resources: z.strictObject({
                requests: z.strictObject({ cpu: z.string(), memory: z.string().regex(/^\d+Mi$/) }),
                limits: z.strictObject({ memory: z.string().regex(/^\d+Mi$/) }),
              }),
              volumeMounts: z.array(z.strictObject({ name: z.string(), mountPath: z.string() })),
            }),
          ]),
          volumes: z.array(
            z.strictObject({ name: z.string(), persistentVolumeClaim: z.strictObject({ claimName: z.string() }) }),
          ),
        }),
      }),
    }),
  });

  test('has the fields of batch/v1, and calls its shard', () => {
    const { spec } = schema.parse(kubernetesJob(job));
    expect(spec).toMatchObject({ completions: 10, parallelism: 4, backoffLimitPerIndex: 2 });
    const { command, resources } = spec.template.spec.containers[0];
    expect(resources.limits.memory).toBe('1280Mi');
    const { stdout, status } = runWith(3, command[2], { JOB_COMPLETION_INDEX: '6' });
    expect(stdout.trim().split('\n')).toEqual(expectedWords('7/10'));
    expect(status).toBe(0);
  });
});
