import type { Call, Reply } from '../../src/runtime/protocol.ts';
import type { WebEngineOptions } from '../../src/runtime/web/open-executor.ts';

export type ToPage = { readonly connection: number } & (
  | { readonly kind: 'start'; readonly options: WebEngineOptions }
  /** `null` breaks the worker. */
  | { readonly kind: 'call'; readonly call: Call | null }
  | { readonly kind: 'close' }
);

export type FromPage = { readonly connection: number } & (
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'crash'; readonly message: string }
);
