/** What became of a cell. */
export type Outcome =
  /** Its folder is stored; `found` when this call did not store it. */
  | { readonly status: 'done'; readonly found: boolean; readonly note?: string }
  /** It cannot be computed, and `failed.json` says why. */
  | { readonly status: 'failed'; readonly found: boolean; readonly why: string }
  /** Another process computes it now. */
  | { readonly status: 'busy'; readonly why: string }
  /** This process cannot compute it: another version, another model. */
  | { readonly status: 'refused'; readonly why: string };
