import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export const tinyModel = fileURLToPath(new URL('../golden/llama/', import.meta.url));
export const goldenFile = (path: string) => fileURLToPath(new URL(`../golden/${path}`, import.meta.url));

/**
 * Runs the built command line, behind a command of the shell if one is given; failures are answers,
 * not errors.
 */
export function dualform(
  args: readonly string[],
  {
    shell,
    ...options
  }: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>>; readonly shell?: string } = {},
) {
  const [file, before] = shell === undefined ? ['node', []] : ['sh', ['-c', `${shell}; exec node "$@"`, 'sh']];
  const common = { reject: false, stripFinalNewline: false, stdin: 'ignore' } as const;
  return execa(file, [...before, main, ...args], { ...common, ...options });
}

/** An empty folder that goes with the test. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dualform-cli-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
