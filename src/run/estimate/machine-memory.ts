import { totalmem } from 'node:os';

/**
 * Bytes that this process may use at most: what the machine has, or less where a control group
 * limits it.
 */
export function memoryOfMachine(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}
