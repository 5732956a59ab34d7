import { UserError } from '../error.ts';

/** i of n, from 1 on. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** @throws UserError unless the text is i/n with 1 <= i <= n */
export function readShard(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  if (index === undefined || count === undefined || index < 1 || index > count) {
    throw new UserError('must be i/n, as in 2/8', { option: 'shard', value: text });
  }
  return { index, count };
}

/** Every n-th of a list, from the i-th on; the whole list without a shard. */
export function shareOf<T>(all: readonly T[], shard: Shard | undefined): readonly T[] {
  return shard === undefined ? all : all.filter((_, i) => i % shard.count === shard.index - 1);
}
