/**
 * A heap of numbers from 0 up with four children to a node, the smallest on top.
 *
 * @param capacity how many numbers it can hold at once
 */
export function numberHeap(capacity: number) {
  const entries = new Float64Array(capacity);
  let size = 0;
  return {
    push(value: number): void {
      let i = size++;
      while (i > 0) {
        const parent = (i - 1) >> 2;
        if (entries[parent]! <= value) break;
        entries[i] = entries[parent]!;
        i = parent;
      }
      entries[i] = value;
    },
    /** Takes the smallest number out; -1 when there is none. */
    pop(): number {
      if (size === 0) return -1;
      const top = entries[0]!;
      const value = entries[--size]!;
      let i = 0;
      for (let child = 1; child < size; child = 4 * i + 1) {
        let least = child;
        const end = Math.min(child + 4, size);
        for (let other = child + 1; other < end; other++) if (entries[other]! < entries[least]!) least = other;
        if (entries[least]! >= value) break;
        entries[i] = entries[least]!;
        i = least;
      }
      entries[i] = value;
      return top;
    },
  };
}
