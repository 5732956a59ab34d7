/** How far the current stage of opening is, in bytes. */
export interface OpenProgress {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
}

export interface OpenOptions {
  /** Does not use the network. */
  readonly offline?: boolean;
  readonly onProgress?: (progress: OpenProgress) => void;
  /** Stops a download; the received part is kept for the next time. */
  readonly signal?: AbortSignal;
  /** Attention heads of a fairseq model whose file does not contain them. */
  readonly heads?: number | undefined;
}
