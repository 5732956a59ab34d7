import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Bytes. */
export interface CardMemory {
  readonly total: number;
  readonly free: number;
}

const MOST_MS = 5000;

/** Memory of an NVIDIA card as `nvidia-smi` of its driver says; undefined where that says nothing. */
export async function cardMemory(card: number): Promise<CardMemory | undefined> {
  const args = [`--id=${card}`, '--query-gpu=memory.total,memory.free', '--format=csv,noheader,nounits'];
  try {
    return parseCardMemory((await promisify(execFile)('nvidia-smi', args, { timeout: MOST_MS })).stdout);
  } catch {
    return undefined;
  }
}

/** `81559, 80994`: MiB. */
export function parseCardMemory(line: string): CardMemory | undefined {
  const found = /^\s*(\d+), *(\d+)\s*$/.exec(line);
  return found === null ? undefined : { total: Number(found[1]) * 2 ** 20, free: Number(found[2]) * 2 ** 20 };
}
