/**
 * @throws SyntaxError where the bytes are not UTF-8 or not JSON (RFC 8259) as JSON.parse reads it
 */
export function strictJson(bytes: Uint8Array, options: { readonly mark?: boolean } = {}): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: !options.mark }).decode(bytes);
  } catch {
    throw new SyntaxError('not UTF-8');
  }
  return JSON.parse(text);
}
