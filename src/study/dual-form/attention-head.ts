import type { Series } from '../../report/chart/line-chart.tsx';
import { stepFlops } from '../../run/estimate/work.ts';
import { checkAttentionHead } from '../../theory/attention-head.ts';
import { checked } from '../../theory/check.ts';
import { meanOf } from '../means.ts';
import { type Chapter, type ChapterContext, type ChapterResult, findingOf, rounded, workOfPasses } from './chapter.ts';
import { defined } from './gathered.ts';
import { measureHeads, QUERIES } from './head-measures.ts';
import { whyNoMaps } from './heads.ts';
import type { Rank } from './rank.ts';
import { demonstrationSets, overSets, testFindings, whyNoTests } from './set-tests.ts';

/** Rounding of float32 in keys, queries and softmax, relative to the output of a head. */
const FLOAT32 = 2e-5;

/** Chapter 2: the head without its softmax, in theory and in the model. */
export const attentionHead: Chapter = {
  title: 'an attention head without softmax is a weight matrix with an update for each demonstration',
  work: prepared => {
    const { decoder, sequences } = prepared;
    if (whyNoMaps(decoder, sequences.shots) !== undefined) return { tokens: 0, flops: 0 };
    const sets = demonstrationSets(prepared);
    const queries = sequences.queries.slice(0, QUERIES);
    const passes = sets.flatMap(({ prefixTokens: { length: P } }) => [
      { T: P, P: 0 },
      ...queries.flatMap(({ tokens: { length: T } }) => [
        { T, P },
        ...Array<{ T: number; P: number }>(sets.length + 2).fill({ T: T + 1, P: 0 }),
      ]),
    ]);
    const read = workOfPasses(prepared, passes);
    const steps = sets.flatMap(({ finetuning }) => finetuning.map(({ length }) => length));
    return {
      tokens: read.tokens + steps.reduce((sum, T) => sum + T, 0),
      flops: read.flops + steps.reduce((sum, T) => sum + stepFlops(decoder, T), 0),
    };
  },
  compute: async context => {
    const checks = checkAttentionHead(context.seed);
    const why = whyNoMaps(context.prepared.decoder, context.prepared.sequences.shots);
    if (why === undefined) {
      const onModel = await computeOnModel(context);
      return { ...onModel, checks: [...checks, ...onModel.checks] };
    }
    const findings = [{ what: 'dW_icl of the heads of the model', value: null, why }];
    return { checks, findings, tables: [], figure: null };
  },
};

async function computeOnModel(context: ChapterContext): Promise<ChapterResult> {
  const { checkpoint, decoder, sequences, task } = context.prepared;
  const { layers, keyValueHeads } = decoder;
  const { name } = checkpoint;
  const sets = demonstrationSets(context.prepared);
  const measured = await measureHeads(context, sets);
  const { ofHeads, ofMaps, ranks, ranksFinetuned, demonstrationsTwice, recomputed } = measured;
  const rankMean = (layer: number, of: keyof Rank) =>
    meanOf(ranks.flatMap(ofSet => ofSet[layer]!.map(rank => rank[of])));
  const allRanks = ranks.flat(2);
  const matched = ofMaps.each('matched');
  const columns: readonly [string, (layer: number) => number | null][] = [
    ['numerical rank of dW_icl', l => rankMean(l, 'numerical')],
    ['effective rank of dW_icl', l => rankMean(l, 'effective')],
    ['size of dW_icl against W_zsl', l => ofMaps.layer(l, 'size')],
    ['cos(head, head without softmax)', l => ofHeads.layer(l, 'dropped')],
    ['the same, zero-shot', l => ofHeads.layer(l, 'droppedZeroShot')],
    ['cos(change of the head, dW_icl q)', l => ofHeads.layer(l, 'effect')],
    ['the same, values centred', l => ofHeads.layer(l, 'effectCentred')],
    ['cos(dW_icl, dW_ft)', l => ofMaps.layer(l, 'matched')],
    ['other demonstrations', l => ofMaps.layer(l, 'otherDemonstrations')],
    ['mispaired values', l => ofMaps.layer(l, 'mispaired')],
    ['values centred', l => ofMaps.layer(l, 'centred')],
    ['cos(dW_ft, dW_ft of other demonstrations)', l => ofMaps.layer(l, 'finetunedTwice')],
  ];
  return {
    checks: [
      checked(
        `${name}: softmax attention to the keys and values that were read = what the heads give, relative`,
        recomputed,
        FLOAT32,
      ),
    ],
    findings: [
      findingOf('disjoint sets of demonstrations', sets.length),
      findingOf('numerical rank of dW_icl, mean over heads', meanOf(allRanks.map(rank => rank.numerical))),
      findingOf('effective rank of dW_icl', meanOf(allRanks.map(rank => rank.effective))),
      findingOf('share of |dW_icl|^2 in its largest singular value', meanOf(allRanks.map(rank => rank.first))),
      findingOf('size of dW_icl against W_zsl', defined(ofMaps.each('size'))),
      findingOf('size of dW_ft against W_zsl', defined(ofMaps.each('sizeFinetuned'))),
      findingOf('effective rank of dW_ft', meanOf(ranksFinetuned)),
      findingOf('cos(dW_icl, W_zsl)', defined(ofMaps.each('alongZeroShot'))),
      findingOf('cos(head, head without softmax), in context', defined(ofHeads.each('dropped'))),
      findingOf('cos(head, head without softmax), zero-shot', defined(ofHeads.each('droppedZeroShot'))),
      findingOf('cos(change of the head by the demonstrations, dW_icl q)', defined(ofHeads.each('effect'))),
      findingOf('the same with centred values', defined(ofHeads.each('effectCentred'))),
      findingOf('cos(dW_icl, dW_ft)', defined(matched)),
      findingOf('baseline: dW_ft of other demonstrations', defined(ofMaps.each('otherDemonstrations'))),
      findingOf('baseline: values paired with keys of other tokens', defined(ofMaps.each('mispaired'))),
      findingOf('baseline: W_zsl in place of dW_icl', defined(ofMaps.each('zeroShotMatched'))),
      findingOf('baseline: a random step of the same size in place of finetuning', defined(ofMaps.each('randomStep'))),
      findingOf('baseline: a random matrix in place of dW_icl', defined(ofMaps.each('randomMatrix'))),
      ...testFindings(measured, whyNoTests(sets.length, context.prepared)),
      findingOf('cos(dW_icl, dW_ft) where finetuning also moved the hidden states', defined(ofMaps.each('throughout'))),
      findingOf('cos(dW_icl q, dW_ft q)', defined(ofHeads.each('onQuery'))),
      findingOf('for comparison: cos(dW_ft, dW_ft of other demonstrations)', defined(ofMaps.each('finetunedTwice'))),
      findingOf('for comparison: cos(dW_icl, dW_icl of other demonstrations)', defined(demonstrationsTwice)),
      findingOf('|cos(dW_icl, dW_ft)| of a head', size(matched)),
      findingOf('baseline: the same with dW_ft of other demonstrations', size(ofMaps.each('otherDemonstrations'))),
      findingOf('baseline: the same with mispaired values', size(ofMaps.each('mispaired'))),
      findingOf('baseline: the same with W_zsl in place of dW_icl', size(ofMaps.each('zeroShotMatched'))),
      findingOf('baseline: the same with a random matrix', size(ofMaps.each('randomMatrix'))),
    ],
    tables: [
      {
        title: 'Each set of demonstrations: means of cosines over layers, heads and queries',
        columns: ['set', 'demonstrations', 'cos(dW_icl, dW_ft)', 'mispaired values', 'values centred', 'random matrix'],
        rows: sets.map(({ demonstrations }, i) => [
          i + 1,
          demonstrations.length,
          ...(['matched', 'mispaired', 'centred', 'randomMatrix'] as const).map(key =>
            roundedOrNull(overSets(measured, key)[i]!),
          ),
        ]),
      },
      {
        title: 'cos(dW_icl of a set, dW_ft of a set): means over layers, heads and queries',
        columns: ['dW_icl of', ...sets.map((_, i) => `dW_ft of set ${i + 1}`)],
        rows: measured.matching.map((row, i) => [`set ${i + 1}`, ...row.map(roundedOrNull)]),
      },
      {
        title: 'Each layer, as description: means over sets, heads and queries',
        columns: ['layer', ...columns.map(([column]) => column)],
        rows: ofMaps.layers('size').map((_, layer) => [layer, ...columns.map(([, of]) => roundedOrNull(of(layer)))]),
      },
      {
        title: 'cos(dW_icl, dW_ft) of every key/value head, as description: means over sets and queries',
        columns: ['layer', ...Array.from({ length: keyValueHeads }, (_, g) => `head ${g}`)],
        rows: Array.from({ length: layers }, (_, layer) => [
          layer,
          ...matched.slice(layer * keyValueHeads, (layer + 1) * keyValueHeads).map(roundedOrNull),
        ]),
      },
    ],
    figure: {
      title: `Heads of ${name} with ${sequences.shots} demonstrations of ${task.name}, means over ${sets.length} sets`,
      x: 'layer',
      y: 'cosine',
      panels: [
        {
          name: 'dropping the softmax',
          baseline: ORTHOGONAL,
          series: [
            line('in context', ofHeads.layers('dropped')),
            line('zero-shot', ofHeads.layers('droppedZeroShot'), 'baseline'),
          ],
        },
        {
          name: 'dW_icl q and what the head does',
          baseline: ORTHOGONAL,
          series: [line('dW_icl', ofHeads.layers('effect')), line('values centred', ofHeads.layers('effectCentred'))],
        },
        {
          name: 'dW_icl and dW_ft',
          baseline: ORTHOGONAL,
          series: [
            line('dW_icl', ofMaps.layers('matched')),
            line('values centred', ofMaps.layers('centred')),
            line('dW_ft of other demonstrations', ofMaps.layers('otherDemonstrations'), 'baseline'),
            line('mispaired values', ofMaps.layers('mispaired'), 'baseline'),
          ],
        },
      ],
    },
  };
}

/** Mean of the absolute values. */
function size(values: readonly (number | null)[]): number | null {
  return defined(values.map(value => value && Math.abs(value)));
}

function roundedOrNull(value: number | null): number | null {
  return value === null ? null : rounded(value);
}

const ORTHOGONAL = { value: 0, name: 'orthogonal' };

function line(name: string, values: readonly (number | null)[], tone?: 'baseline'): Series {
  return { name, tone, dashed: tone !== undefined, points: values.map((y, x) => ({ x, y })) };
}
