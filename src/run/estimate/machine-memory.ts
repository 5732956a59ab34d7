import { totalmem } from 'node:os';

/**
 * Bytes of memory that this process may use: those of the machine, or the limit of its control
 * group.
 */
export function memoryOfMachine(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}
