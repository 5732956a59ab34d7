/** A network file system answers late, and many questions at once as late as one. */
const AT_ONCE = 32;

/** The results in the order of the list; some are made at the same time. */
export async function* inOrder<T, R>(list: readonly T[], make: (item: T) => Promise<R>): AsyncGenerator<R> {
  for (let i = 0; i < list.length; i += AT_ONCE) yield* await Promise.all(list.slice(i, i + AT_ONCE).map(make));
}
