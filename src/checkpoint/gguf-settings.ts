import { UserError } from '../error.ts';
import type { Gguf, GgufValue } from './gguf.ts';

/** The metadata of one architecture, read with their types checked. */
export interface GgufSettings {
  fail(what: string): never;
  raw(key: string): GgufValue | undefined;
  text(key: string): string | undefined;
  /** A number; float32 values come as the shortest decimal that rounds to them (1e-5, not 9.999999747378752e-6). */
  number(key: string): number | undefined;
  /** A positive integer that must be there. */
  size(key: string): number;
}

/** Settings of `gguf`, where `{arch}` in a key stands for the architecture. */
export function ggufSettings(gguf: Gguf, architecture: string): GgufSettings {
  const fail = (what: string): never => {
    throw new UserError(`${gguf.file}: ${what}`);
  };
  const full = (key: string): string => key.replace('{arch}', architecture);
  const raw = (key: string): GgufValue | undefined => gguf.metadata.get(full(key));
  const number = (key: string): number | undefined => {
    const value = raw(key);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || !Number.isFinite(value)) return fail(`metadata key ${full(key)} is not a number`);
    return shortest(value);
  };
  return {
    fail,
    raw,
    number,
    text: key => {
      const value = raw(key);
      if (value === undefined || typeof value === 'string') return value;
      return fail(`metadata key ${full(key)} is not a text`);
    },
    size: key => {
      const value = number(key);
      if (value === undefined) return fail(`metadata key ${full(key)} is missing`);
      if (!Number.isSafeInteger(value) || value <= 0)
        fail(`metadata key ${full(key)} is ${value}, not a positive integer`);
      return value;
    },
  };
}

function shortest(value: number): number {
  if (Math.fround(value) !== value) return value;
  for (let digits = 1; digits <= 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return value;
}
