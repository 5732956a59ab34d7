import { createHash } from 'node:crypto';

/** SHA-256 (hex) over what fixes a task; `rows` stands for the rows and their order. */
export function taskDigest(template: string, labels: readonly string[], rows: readonly unknown[]): string {
  return createHash('sha256')
    .update(JSON.stringify(['dualform.task/1', template, labels, rows]))
    .digest('hex');
}
