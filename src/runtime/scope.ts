/**
 * @file Ownership of tensors and sessions in the executor: work that uses a runtime from here owns
 * what it makes, so that nothing stays when it fails.
 */
import type { Handle, Runtime, Session } from './runtime.ts';

interface WithRuntime {
  readonly runtime: Runtime;
}

/**
 * Does work with `subject` (a runtime or a model) and releases all tensors and sessions that it
 * made, however it ends. Tensors and sessions of before stay.
 */
export function releaseAfter<S extends WithRuntime, T>(subject: S, work: (subject: S) => Promise<T>): Promise<T> {
  return owning(subject, work, true);
}

/** As `releaseAfter`, but when the work succeeds the caller owns what it made. */
export function releaseOnFailure<S extends WithRuntime, T>(subject: S, work: (subject: S) => Promise<T>): Promise<T> {
  return owning(subject, work, false);
}

async function owning<S extends WithRuntime, T>(
  subject: S,
  work: (subject: S) => Promise<T>,
  onSuccess: boolean,
): Promise<T> {
  const { runtime } = subject;
  const handles = new Set<Handle>();
  const sessions = new Set<Session>();
  const underWay = new Set<Promise<unknown>>();
  async function own<M>(making: Promise<M>, made: (result: M) => void): Promise<M> {
    underWay.add(making);
    try {
      const result = await making;
      made(result);
      return result;
    } finally {
      underWay.delete(making);
    }
  }
  const hold = (each: Handle) => handles.add(each);
  const owner: Runtime = {
    ...runtime,
    openSession: request => own(runtime.openSession(request), session => sessions.add(session)),
    closeSession: session => {
      sessions.delete(session);
      return runtime.closeSession(session);
    },
    upload: (name, tensor) => own(runtime.upload(name, tensor), hold),
    load: locations => own(runtime.load(locations), loaded => loaded.forEach(hold)),
    run: (session, request) =>
      own(runtime.run(session, request), ({ kept }) => {
        for (const [output, handle] of Object.entries(kept)) if (request.into?.[output] === undefined) hold(handle);
      }),
    concatenate: (name, parts, axis) => own(runtime.concatenate(name, parts, axis), hold),
    release: released => {
      for (const handle of released) handles.delete(handle);
      return runtime.release(released);
    },
  };
  const free = async () => {
    // After a failure other requests of the work may still make tensors.
    await Promise.allSettled(underWay);
    await runtime.release([...handles].filter(runtime.has));
    for (const session of sessions) await runtime.closeSession(session);
  };

  let result: T;
  try {
    result = await work({ ...subject, runtime: owner });
  } catch (error) {
    // The first error is the one to tell. A compute process that has ended holds nothing.
    if (runtime.crash() === undefined) await free().catch(() => undefined);
    throw error;
  }
  if (onSuccess) await free();
  return result;
}
