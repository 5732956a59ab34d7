import completion from '@bomb.sh/tab';
import type { Given } from '../options/command-line.ts';

export async function perform({ argument }: Given<object>): Promise<void> {
  completion.setup('dualform', 'dualform', argument!);
}
