import type { CellComputer, CellKind, CellKinds } from './cell.ts';

/** The computer of one kind at a time, so that what a kind keeps open goes when another is needed. */
export interface Computers {
  of(kind: CellKind): Promise<CellComputer>;
  close(): Promise<void>;
}

export function openComputers(): Computers {
  let open: { readonly kind: CellKind; readonly computer: CellComputer } | undefined;
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
        open = { kind, computer: kind.open() };
      }
      return open.computer;
    },
  };
}

/** @throws Error for a name that no kind has */
export function kindOf(name: string, kinds: CellKinds): CellKind {
  const kind = kinds.get(name);
  if (kind === undefined) throw new Error(`no kind of cell is called ${name}`);
  return kind;
}
