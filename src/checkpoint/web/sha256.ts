/** SHA-256 (hex), as the digests of files on disk. */
export async function sha256(content: Uint8Array | Blob): Promise<string> {
  const bytes = content instanceof Blob ? await content.arrayBuffer() : (content as Uint8Array<ArrayBuffer>);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('');
}
