import completion from '@bomb.sh/tab';
import type { Typed } from '../program.ts';

export async function perform({ args: [shell] }: Typed): Promise<void> {
  completion.setup('dualform', 'dualform', shell!);
}
