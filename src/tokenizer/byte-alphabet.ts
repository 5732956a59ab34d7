/**
 * The GPT-2 alphabet: one printable character for each byte, the byte itself if printable, else the
 * next free one from U+0100 on.
 */
const CHARACTER_OF_BYTE: readonly string[] = makeAlphabet();
const BYTE_OF_CHARACTER: ReadonlyMap<string, number> = new Map(CHARACTER_OF_BYTE.map((each, byte) => [each, byte]));

const encoder = new TextEncoder();

/**
 * Bytes, or the UTF-8 bytes of a text, as characters of the GPT-2 alphabet. Unpaired surrogates
 * become U+FFFD.
 */
export function toByteCharacters(text: string | Uint8Array): string {
  let result = '';
  for (const byte of typeof text === 'string' ? encoder.encode(text) : text) result += CHARACTER_OF_BYTE[byte]!;
  return result;
}

/** The bytes that characters of the GPT-2 alphabet stand for; undefined if one is none. */
export function fromByteCharacters(text: string): readonly number[] | undefined {
  const bytes = Array.from(text, character => BYTE_OF_CHARACTER.get(character));
  return bytes.every(byte => byte !== undefined) ? bytes : undefined;
}

function makeAlphabet(): string[] {
  const printable = (byte: number) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  let free = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : free++));
}
