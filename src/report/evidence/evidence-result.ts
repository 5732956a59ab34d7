import * as z from 'zod';

/** A number with its 95 % interval. */
export interface Estimate {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly why?: string | undefined;
  readonly adjusted?: number | null | undefined;
}

type Estimates<Name extends string> = Readonly<Record<Name, Estimate>>;

interface LadderStep {
  readonly model: 'trained' | 'untrained';
  readonly inContext: string;
  readonly finetuned: string;
  readonly S: Estimate;
  readonly size: number | null;
}

/** What the views read of a task of the study. */
export interface EvidenceTask {
  readonly name: string;
  readonly k: number;
  readonly seeds: number;
  readonly rows: number;
  readonly behaviourRows: number;
  readonly rate: number;
  readonly gates: {
    readonly inContext: { readonly gain: Estimate; readonly pass: boolean };
    readonly steady: { readonly cosine: number | null; readonly moved: number | null; readonly pass: boolean | null };
    readonly learned: { readonly before: number | null; readonly after: number | null; readonly pass: boolean };
  };
  readonly ladder: readonly LadderStep[];
  readonly matrix: readonly (readonly (number | null)[])[];
  readonly permutedRows: Estimate;
  readonly shared: Estimates<SharedName>;
  readonly ceiling: Estimates<CeilingName>;
  readonly partition: Estimates<PartName> & {
    readonly ofInContext: readonly (number | null)[];
    readonly ofFinetuning: readonly (number | null)[];
  };
  readonly explained: Estimates<'constant' | 'finetuning'>;
  readonly behaviour: {
    readonly accuracy: Estimates<'zero-shot' | 'in-context' | 'finetuned'>;
    readonly shift: Readonly<Record<string, Estimate>>;
    readonly rec2ftp: {
      readonly numerator: number;
      readonly denominator: number;
      readonly expected: number;
      readonly kappa: Estimate;
    };
    readonly kappa: Estimate;
  };
  readonly curves: {
    readonly rate: readonly ({ readonly multiple: number; readonly size: number | null } & Estimates<
      'same' | 'other' | 'shift'
    >)[];
    readonly shots: readonly ({ readonly shots: number } & Estimates<'S' | 'shift'>)[];
    readonly layers: readonly ({ readonly layer: number } & Estimates<LayerName>)[];
  };
  readonly paperClaims: {
    readonly simAM: Estimates<'after' | 'before' | 'difference'>;
    readonly kendall: Estimates<'after' | 'before' | 'difference'>;
    readonly simAOU: Estimates<'finetuned' | 'uniform' | 'difference'>;
  };
  readonly sentences?: readonly string[] | undefined;
}

export interface EvidenceStudy {
  readonly signature: string;
  readonly registered: string;
  readonly model: { readonly name: string };
  readonly tasks: readonly EvidenceTask[];
  readonly hypotheses: readonly {
    readonly id: string;
    readonly task: string;
    readonly statistic: string;
    readonly value: Estimate;
    readonly adjusted: number | null;
    readonly delta: number;
    readonly mde: number | null;
    readonly verdict: string;
    readonly sentence: string;
  }[];
  readonly seesBefore: readonly string[];
}

const sharedNames = ['demonstrations', 'tokens', 'labels', 'order', 'task', 'query'] as const;
export type SharedName = (typeof sharedNames)[number];
const ceilingNames = [
  'inContextOrder',
  'inContextOther',
  'finetunedOrder',
  'finetunedOther',
  'rate4',
  'numerical',
] as const;
export type CeilingName = (typeof ceilingNames)[number];
const partNames = ['generic', 'demonstration', 'query', 'interaction'] as const;
export type PartName = (typeof partNames)[number];
const layerNames = ['S', 'demonstrations', 'labels', 'order', 'query'] as const;
export type LayerName = (typeof layerNames)[number];

const text = z.string();
const number = z.number();
const bound = number.nullable();
const estimate = z.object({
  value: bound,
  low: bound,
  high: bound,
  why: text.optional(),
  adjusted: bound.optional(),
});
const estimates = <Name extends string>(...names: readonly Name[]) =>
  z.record(z.enum(names as [Name, ...Name[]]), estimate);
/** An object that holds estimates and other things. */
const some = <Name extends string>(...names: readonly Name[]) =>
  Object.fromEntries(names.map(name => [name, estimate])) as Record<Name, typeof estimate>;

const task: z.ZodType<EvidenceTask> = z.object({
  name: text,
  k: number,
  seeds: number,
  rows: number,
  behaviourRows: number,
  rate: number,
  gates: z.object({
    inContext: z.object({ gain: estimate, pass: z.boolean() }),
    steady: z.object({ cosine: bound, moved: bound, pass: z.boolean().nullable() }),
    learned: z.object({ before: bound, after: bound, pass: z.boolean() }),
  }),
  ladder: z.array(
    z.object({
      model: z.enum(['trained', 'untrained']),
      inContext: text,
      finetuned: text,
      S: estimate,
      size: bound,
    }),
  ),
  matrix: z.array(z.array(bound)),
  permutedRows: estimate,
  shared: z.object(some(...sharedNames)),
  ceiling: z.object(some(...ceilingNames)),
  partition: z.object({ ...some(...partNames), ofInContext: z.array(bound), ofFinetuning: z.array(bound) }),
  explained: z.object(some('constant', 'finetuning')),
  behaviour: z.object({
    accuracy: estimates('zero-shot', 'in-context', 'finetuned'),
    shift: z.record(text, estimate),
    rec2ftp: z.object({ numerator: number, denominator: number, expected: number, kappa: estimate }),
    kappa: estimate,
  }),
  curves: z.object({
    rate: z.array(z.object({ multiple: number, size: bound, ...some('same', 'other', 'shift') })),
    shots: z.array(z.object({ shots: number, ...some('S', 'shift') })),
    layers: z.array(z.object({ layer: number, ...some(...layerNames) })),
  }),
  paperClaims: z.object({
    simAM: z.object(some('after', 'before', 'difference')),
    kendall: z.object(some('after', 'before', 'difference')),
    simAOU: z.object(some('finetuned', 'uniform', 'difference')),
  }),
  sentences: z.array(text).optional(),
});

export const evidenceStudy: z.ZodType<EvidenceStudy> = z.object({
  signature: text,
  registered: text,
  model: z.object({ name: text }),
  tasks: z.array(task),
  hypotheses: z.array(
    z.object({
      id: text,
      task: text,
      statistic: text,
      value: estimate,
      adjusted: bound,
      delta: number,
      mde: bound,
      verdict: text,
      sentence: text,
    }),
  ),
  seesBefore: z.array(text),
});
