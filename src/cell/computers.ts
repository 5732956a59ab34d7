import type { CellKind } from './kind.ts';

/** The computer of one kind at a time, so that what a kind keeps open goes when another is needed. */
export interface Computers<K extends CellKind> {
  of(kind: K): Promise<ReturnType<K['open']>>;
  close(): Promise<void>;
}

export function openComputers<K extends CellKind>(): Computers<K> {
  let open: { readonly kind: K; readonly computer: ReturnType<K['open']> } | undefined;
  async function close(): Promise<void> {
    const { computer } = open ?? {};
    open = undefined;
    await computer?.close();
  }
  return {
    close,
    of: async kind => {
      if (open?.kind !== kind) {
        await close();
        open = { kind, computer: kind.open() as ReturnType<K['open']> };
      }
      return open.computer;
    },
  };
}
