import { UserError } from '../../../error.ts';
import type { Gguf, GgufValue } from './parse-gguf.ts';

/**
 * The metadata of one architecture, read with their types checked; `{arch}` in a key is the
 * architecture.
 */
export interface GgufSettings {
  readonly architecture: string;
  fail(what: string): never;
  raw(key: string): GgufValue | undefined;
  text(key: string): string | undefined;
  flag(key: string): boolean | undefined;
  /**
   * A number; float32 values come as the shortest decimal that rounds to them (1e-5, not
   * 9.999999747378752e-6).
   */
  number(key: string): number | undefined;
  /** A required number. */
  required(key: string): number;
  /** A required positive integer. */
  size(key: string): number;
  /** Refuses settings of the architecture that were not read and could change the forward pass. */
  refuseUnread(): void;
}

/** Settings that change no logit at this value. */
const WITHOUT_EFFECT: Readonly<Record<string, unknown>> = {
  'attention.causal': true,
  'rope.scaling.attn_factor': 1,
};
const NEVER_WITH_EFFECT = new Set([
  'vocab_size',
  'tensor_data_layout',
  'rope.scaling.finetuned',
  // Base length of a scaling that is not used.
  'rope.scaling.original_context_length',
  'expert_used_count',
]);

export function ggufSettings(gguf: Gguf, architecture: string): GgufSettings {
  const read = new Set<string>();
  const fail = (what: string): never => {
    throw new UserError(`${gguf.file}: ${what}`);
  };
  const full = (key: string): string => key.replace('{arch}', architecture);
  const raw = (key: string): GgufValue | undefined => {
    read.add(full(key));
    return gguf.metadata.get(full(key));
  };
  const typed = <T>(key: string, what: string, is: (value: GgufValue) => value is GgufValue & T): T | undefined => {
    const value = raw(key);
    if (value === undefined || is(value)) return value;
    return fail(`metadata key ${full(key)} is not a ${what}`);
  };
  const number = (key: string): number | undefined => {
    const value = typed(key, 'number', (each): each is number => typeof each === 'number' && Number.isFinite(each));
    return value === undefined ? undefined : shortest(value);
  };
  const required = (key: string): number => number(key) ?? fail(`metadata key ${full(key)} is missing`);
  return {
    architecture,
    fail,
    raw,
    number,
    required,
    text: key => typed(key, 'text', (each): each is string => typeof each === 'string'),
    flag: key => typed(key, 'boolean', (each): each is boolean => typeof each === 'boolean'),
    size: key => {
      const value = required(key);
      if (!Number.isSafeInteger(value) || value <= 0)
        fail(`metadata key ${full(key)} is ${value}, not a positive integer`);
      return value;
    },
    refuseUnread: () => {
      for (const [key, value] of gguf.metadata) {
        const name = key.startsWith(`${architecture}.`) ? key.slice(architecture.length + 1) : undefined;
        if (name === undefined || read.has(key) || NEVER_WITH_EFFECT.has(name)) continue;
        if (value === 0 || value === false || value === WITHOUT_EFFECT[name]) continue;
        fail(`it uses ${key} = ${showValue(value)}, which is not supported`);
      }
    },
  };
}

/** A metadata value for a message; JSON has no 64-bit integers. */
export function showValue(value: GgufValue): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'object' ? `[${value.join(', ')}]` : String(value);
}

function shortest(value: number): number {
  if (Math.fround(value) !== value) return value;
  for (let digits = 1; digits <= 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return value;
}
