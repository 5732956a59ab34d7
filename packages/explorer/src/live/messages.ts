/** @file What the page and its worker tell each other. */
import type { LiveRequest } from '../../../../src/explore/live/request.ts';
import type { LiveEvent } from '../../../../src/explore/live/wire.ts';
import type { PageModel } from '../../../../src/explore/page-data.ts';

export type ToWorker =
  /** The first message: the model, with absolute addresses. */
  | { readonly kind: 'open'; readonly model: PageModel; readonly base: string; readonly device: 'wasm' | 'webgpu' }
  /** Opens the model where the browser keeps it. */
  | { readonly kind: 'prepare' }
  | { readonly kind: 'compute'; readonly call: number; readonly request: LiveRequest }
  | { readonly kind: 'cancel' };

export type FromWorker =
  | { readonly kind: 'event'; readonly call: number; readonly event: LiveEvent }
  /** The model is open. */
  | { readonly kind: 'ready' };
