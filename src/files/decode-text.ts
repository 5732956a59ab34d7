import { UserError } from '../error.ts';

/**
 * Decodes a file as UTF-8; a byte-order mark stays.
 *
 * @throws UserError where it is not UTF-8, which `toString` hides
 */
export function decodeText(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new UserError(`${file}: not UTF-8; save it as UTF-8, or fetch it again`, { cause });
  }
}
