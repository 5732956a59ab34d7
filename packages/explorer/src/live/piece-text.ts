import { toByteCharacters } from '../../../../src/tokenizer/byte-alphabet.ts';

const BYTES = new Map(Array.from({ length: 256 }, (_, byte) => [toByteCharacters(Uint8Array.of(byte)), byte]));
const decoder = new TextDecoder();

/** The text of a token by its name: byte pairs of GPT-2 (`Ġfilm`), or pieces of SentencePiece (`▁film`). */
export function pieceText(piece: string): string {
  const bytes = Array.from(piece, character => BYTES.get(character));
  if (bytes.every(byte => byte !== undefined)) return decoder.decode(Uint8Array.from(bytes as number[]));
  return piece.replaceAll('▁', ' ');
}
