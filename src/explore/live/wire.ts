/** @file What a worker or the server tells the page while it computes; on the wire, arrays of numbers are base64. */
import type { LiveAnswer, LiveProgress } from './answer.ts';

export type LiveEvent =
  | ({ readonly kind: 'progress' } & LiveProgress)
  /** What is new in the answer. */
  | { readonly kind: 'part'; readonly answer: Partial<LiveAnswer> }
  | { readonly kind: 'done'; readonly seconds: number; readonly device: string; readonly threads: number }
  | { readonly kind: 'failed'; readonly message: string };

/** A `LiveEvent` as JSON can hold it. */
export function encodeEvent(event: LiveEvent): unknown {
  if (event.kind !== 'part' || event.answer.attention === undefined) return event;
  const { weights } = event.answer.attention;
  const bytes = new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength);
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return { ...event, answer: { ...event.answer, attention: { ...event.answer.attention, weights: btoa(text) } } };
}

/** Reads what `encodeEvent` made. */
export function decodeEvent(json: unknown): LiveEvent {
  const event = json as LiveEvent;
  if (event.kind !== 'part' || event.answer.attention === undefined) return event;
  const text = atob(event.answer.attention.weights as unknown as string);
  const weights = new Float32Array(Uint8Array.from(text, character => character.charCodeAt(0)).buffer);
  return { ...event, answer: { ...event.answer, attention: { ...event.answer.attention, weights } } };
}
