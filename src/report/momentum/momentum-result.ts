/** 0 is plain attention. */
export type Eta = number | 'learned';

interface Bounds {
  readonly low: number | null;
  readonly high: number | null;
}

export interface MomentumEntry extends Bounds {
  readonly mean: number | null;
  readonly why?: string | undefined;
  readonly difference?: (Bounds & { readonly difference: number; readonly adjusted: number | null }) | undefined;
}

export interface MomentumTable {
  readonly name: string;
  readonly columns: readonly {
    readonly title: string;
    readonly task: string;
    readonly better: 'lower' | 'higher';
    readonly percent?: true | undefined;
    readonly digits: number;
  }[];
  readonly rows: readonly { readonly eta: Eta; readonly entries: readonly MomentumEntry[] }[];
  readonly baselines: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
}

export interface MomentumCurve {
  readonly task: string;
  readonly name: string;
  readonly title: string;
  readonly x: { readonly title: string; readonly values: readonly number[] };
  readonly y: string;
  readonly series: readonly {
    readonly eta: Eta;
    readonly points: readonly (({ readonly mean: number } & Bounds) | null)[];
  }[];
  readonly baselines: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
}

/** What the views read of `result.json` of a momentum study. */
export interface MomentumStudy {
  readonly signature: string;
  readonly etas: readonly Eta[];
  readonly seeds: readonly number[];
  readonly tables: readonly MomentumTable[];
  readonly curves: readonly MomentumCurve[];
  readonly learned: readonly { readonly task: string; readonly eta: readonly (readonly number[])[] }[];
  readonly diverged: readonly string[];
}
