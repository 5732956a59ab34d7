/** Something that the page reads by its path: the server serves it, an export writes it. */
export interface Resource {
  /** Relative to the page, with forward slashes. */
  readonly path: string;
  readonly type: string;
  /** The file that holds it, or what makes it. */
  readonly file?: string;
  readonly make?: () => Promise<string | Uint8Array>;
  /** The content at this path never changes, in later versions of the program either: browsers may keep it. */
  readonly unchanging?: boolean;
}

/** A document that is made when it is requested. */
export function jsonResource(path: string, make: () => Promise<unknown> | unknown): Resource {
  return { path, type: 'application/json', make: async () => JSON.stringify(await make()) };
}
