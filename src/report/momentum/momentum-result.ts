import * as z from 'zod';

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

const eta = z.union([z.number(), z.literal('learned')]);
const bound = z.number().nullable();
const bounds = { low: bound, high: bound };
const baselines = z.array(z.object({ name: z.string(), values: z.array(bound) }));

export const momentumStudy: z.ZodType<MomentumStudy> = z.object({
  signature: z.string(),
  etas: z.array(eta),
  seeds: z.array(z.number()),
  tables: z.array(
    z.object({
      name: z.string(),
      columns: z.array(
        z.object({
          title: z.string(),
          task: z.string(),
          better: z.enum(['lower', 'higher']),
          percent: z.literal(true).optional(),
          digits: z.int().min(0).max(20),
        }),
      ),
      rows: z.array(
        z.object({
          eta,
          entries: z.array(
            z.object({
              mean: bound,
              ...bounds,
              why: z.string().optional(),
              difference: z.object({ difference: z.number(), adjusted: bound, ...bounds }).optional(),
            }),
          ),
        }),
      ),
      baselines,
    }),
  ),
  curves: z.array(
    z.object({
      task: z.string(),
      name: z.string(),
      title: z.string(),
      x: z.object({ title: z.string(), values: z.array(z.number()) }),
      y: z.string(),
      series: z.array(z.object({ eta, points: z.array(z.object({ mean: z.number(), ...bounds }).nullable()) })),
      baselines,
    }),
  ),
  learned: z.array(z.object({ task: z.string(), eta: z.array(z.array(z.number())) })),
  diverged: z.array(z.string()),
});
