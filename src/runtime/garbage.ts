/**
 * Buffers without a user return to the system at a collection, which V8 may put off: force one
 * after so many bytes.
 */
export const garbageLimit = 256 * 2 ** 20;

/** Counts bytes without a user, and collects them where the process allows that. */
export function countGarbage(): (bytes: number) => void {
  let garbage = 0;
  return bytes => {
    garbage += bytes;
    if (garbage < garbageLimit) return;
    garbage = 0;
    globalThis.gc?.();
  };
}
