import type { Io } from '../io.ts';
import type { Typed } from '../program.ts';

export async function perform(_: Typed, __: Io): Promise<void> {
  throw new Error('not there yet');
}
