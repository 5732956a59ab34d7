/** How far the current stage of opening is, in bytes. */
export interface OpenProgress {
  readonly stage: string;
  readonly done: number;
  readonly total: number;
}

export interface OpenOptions {
  /** Refuses the network. */
  readonly offline?: boolean;
  readonly onProgress?: (progress: OpenProgress) => void;
  /** Stops a download; what arrived is kept for the next time. */
  readonly signal?: AbortSignal;
  /** Attention heads of a fairseq model whose file does not say. */
  readonly heads?: number | undefined;
}
