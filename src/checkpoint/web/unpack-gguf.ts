import { layOutGguf, unpackedAtOnce } from '../formats/gguf/unpacked.ts';

/** The weights of a GGUF file as float32, unpacked as they are read. @throws UserError when the file is damaged */
export async function unpackGguf(
  name: string,
  packed: { readonly size: number; readonly read: (offset: number, length: number) => Uint8Array },
): Promise<{ readonly size: number; readonly read: (offset: number, length: number) => Uint8Array }> {
  const source = {
    size: packed.size,
    read: async (offset: number, length: number) => new Uint8Array(packed.read(offset, length)),
  };
  const layout = await layOutGguf(name, source, { vocabulary: false });
  return { size: layout.size, read: unpackedAtOnce(layout, packed.read) };
}
