import { readExactly, withFile } from '../../files/file-bytes.ts';
import type { ByteSource } from '../byte-source.ts';

/**
 * Runs `use` with an open file as byte source.
 *
 * @throws UserError naming the file when it cannot be read
 */
export function withFileSource<T>(file: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  return withFile(file, (handle, size) =>
    use({
      size,
      read: async (offset, length) => {
        const bytes = new Uint8Array(length);
        await readExactly(handle, file, bytes, offset);
        return bytes;
      },
    }),
  );
}
