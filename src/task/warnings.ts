import type { Task } from './task.ts';

/** Tells each warning of a task, with its name. */
export function passOnWarnings(
  { name, warnings }: Pick<Task, 'name' | 'warnings'>,
  onWarning: ((message: string) => void) | undefined,
): void {
  for (const warning of warnings) onWarning?.(`task ${name}: ${warning}`);
}
