import { stepFlops } from '../../experiment/work.ts';
import { lineChart, type Series } from '../../report/line-chart.ts';
import { meanWithInterval, pairedT } from '../../statistics/paired-t.ts';
import { checkAttentionHead } from '../../theory/attention-head.ts';
import { checked } from '../../theory/check.ts';
import {
  type Chapter,
  type ChapterResult,
  type Finding,
  mean,
  rounded,
  type Workplace,
  workOfPasses,
} from './chapter.ts';
import { defined } from './gathered.ts';
import { measureHeads, QUERIES } from './head-measures.ts';
import { whyNoMaps } from './heads.ts';

/** Rounding of float32 in keys, queries and softmax, as a share of what a head gives. */
const FLOAT32 = 1e-4;
/** Chapter 2: the head without its softmax, in theory and in the model. */
export const attentionHead: Chapter = {
  title: 'an attention head without softmax is a weight matrix with an update for each demonstration',
  work: prepared => {
    const { decoder, sequences } = prepared;
    const P = sequences.memoryTokens.length;
    const passes = sequences.queries
      .slice(0, QUERIES)
      .flatMap(({ tokens: { length: T } }) => [
        { T, P },
        ...Array<{ T: number; P: number }>(4).fill({ T: T + 1, P: 0 }),
      ]);
    const read = workOfPasses(prepared, [{ T: P, P: 0 }, { T: P, P: 0 }, ...passes]);
    // Both sets of demonstrations, taken to be of one length.
    const steps = sequences.finetuning.map(({ length }) => length);
    return {
      tokens: read.tokens + 2 * steps.reduce((sum, T) => sum + T, 0),
      flops: read.flops + 2 * steps.reduce((sum, T) => sum + stepFlops(decoder, T), 0),
    };
  },
  compute: async workplace => {
    const checks = checkAttentionHead(workplace.seed);
    const why = whyNoMaps(workplace.prepared.decoder, workplace.prepared.sequences.shots);
    if (why === undefined) {
      const onModel = await computeOnModel(workplace);
      return { ...onModel, checks: [...checks, ...onModel.checks] };
    }
    const findings = [{ what: 'dW_icl of the heads of the model', value: null, why }];
    return { checks, findings, tables: [], figure: null };
  },
};

async function computeOnModel(workplace: Workplace): Promise<ChapterResult> {
  const { checkpoint, decoder, sequences, task } = workplace.prepared;
  const { layers, keyValueHeads } = decoder;
  const { name } = checkpoint;
  const { ofHeads, ofMaps, ranks, ranksFinetuned, demonstrationsTwice, recomputed } = await measureHeads(workplace);
  const rankMean = (layer: number, of: 'numerical' | 'effective' | 'first') =>
    mean(ranks[layer]!.map(rank => rank[of]));

  const matched = ofMaps.each('matched');
  const interval = meanWithInterval(matched.filter(x => x !== null));
  const difference = pairedT(...pairs(matched, ofMaps.each('otherDemonstrations')));
  const gap = pairedT(...pairs(matched, ofMaps.each('mispaired')));
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
      finding('numerical rank of dW_icl, mean over heads', mean(ranks.flat().map(rank => rank.numerical))),
      finding('effective rank of dW_icl', mean(ranks.flat().map(rank => rank.effective))),
      finding('share of |dW_icl|^2 in its largest singular value', mean(ranks.flat().map(rank => rank.first))),
      finding('size of dW_icl against W_zsl', defined(ofMaps.each('size'))),
      finding('size of dW_ft against W_zsl', defined(ofMaps.each('sizeFinetuned'))),
      finding('effective rank of dW_ft', mean(ranksFinetuned)),
      finding('cos(dW_icl, W_zsl)', defined(ofMaps.each('alongZeroShot'))),
      finding('cos(head, head without softmax), in context', defined(ofHeads.each('dropped'))),
      finding('cos(head, head without softmax), zero-shot', defined(ofHeads.each('droppedZeroShot'))),
      finding('cos(change of the head by the demonstrations, dW_icl q)', defined(ofHeads.each('effect'))),
      finding('the same with centred values', defined(ofHeads.each('effectCentred'))),
      finding('cos(dW_icl, dW_ft)', defined(matched)),
      finding('cos(dW_icl, dW_ft): low end of its 95 % interval over key/value heads', interval?.low ?? null),
      finding('cos(dW_icl, dW_ft): high end', interval?.high ?? null),
      finding('baseline: dW_ft of other demonstrations', defined(ofMaps.each('otherDemonstrations'))),
      finding('baseline: values paired with keys of other tokens', defined(ofMaps.each('mispaired'))),
      finding('baseline: W_zsl in place of dW_icl', defined(ofMaps.each('zeroShotMatched'))),
      finding('baseline: a random step of the same size in place of finetuning', defined(ofMaps.each('randomStep'))),
      finding('baseline: a random matrix in place of dW_icl', defined(ofMaps.each('randomMatrix'))),
      finding('cos(dW_icl, dW_ft) above other demonstrations', difference?.difference ?? null),
      finding('p of no difference to other demonstrations (paired t over heads)', difference?.p ?? null),
      finding('cos(dW_icl, dW_ft) above mispaired values', gap?.difference ?? null),
      finding('p of no difference to mispaired values', gap?.p ?? null),
      finding('cos(dW_icl, dW_ft) with centred values', defined(ofMaps.each('centred'))),
      finding('cos(dW_icl, dW_ft) where finetuning also moved the hidden states', defined(ofMaps.each('throughout'))),
      finding('cos(dW_icl q, dW_ft q)', defined(ofHeads.each('onQuery'))),
      finding('for comparison: cos(dW_ft, dW_ft of other demonstrations)', defined(ofMaps.each('finetunedTwice'))),
      finding('for comparison: cos(dW_icl, dW_icl of other demonstrations)', defined(demonstrationsTwice)),
      finding('|cos(dW_icl, dW_ft)| of a head', size(matched)),
      finding('baseline: the same with dW_ft of other demonstrations', size(ofMaps.each('otherDemonstrations'))),
      finding('baseline: the same with mispaired values', size(ofMaps.each('mispaired'))),
      finding('baseline: the same with W_zsl in place of dW_icl', size(ofMaps.each('zeroShotMatched'))),
      finding('baseline: the same with a random matrix', size(ofMaps.each('randomMatrix'))),
    ],
    tables: [
      {
        title: 'Each layer: means over heads and queries',
        columns: ['layer', ...columns.map(([column]) => column)],
        rows: ofMaps.layers('size').map((_, layer) => [layer, ...columns.map(([, of]) => roundedOrNull(of(layer)))]),
      },
      {
        title: 'cos(dW_icl, dW_ft) of every key/value head: means over queries',
        columns: ['layer', ...Array.from({ length: keyValueHeads }, (_, g) => `head ${g}`)],
        rows: Array.from({ length: layers }, (_, layer) => [
          layer,
          ...matched.slice(layer * keyValueHeads, (layer + 1) * keyValueHeads).map(roundedOrNull),
        ]),
      },
    ],
    figure: lineChart({
      title: `Heads of ${name} with ${sequences.shots} demonstrations of ${task.name}`,
      x: 'layer',
      y: 'cosine',
      baseline: 0,
      width: 860,
      series: [
        line('dropping the softmax', 'in context', ofHeads.layers('dropped')),
        line('dropping the softmax', 'zero-shot', ofHeads.layers('droppedZeroShot')),
        line('dW_icl q and what the head does', 'dW_icl', ofHeads.layers('effect')),
        line('dW_icl q and what the head does', 'values centred', ofHeads.layers('effectCentred')),
        line('dW_icl and dW_ft', 'dW_icl', ofMaps.layers('matched')),
        line('dW_icl and dW_ft', 'values centred', ofMaps.layers('centred')),
        line('dW_icl and dW_ft', 'dW_ft of other demonstrations', ofMaps.layers('otherDemonstrations'), true),
        line('dW_icl and dW_ft', 'mispaired values', ofMaps.layers('mispaired'), true),
      ],
    }),
  };
}

/** Mean of the absolute values. */
function size(values: readonly (number | null)[]): number | null {
  return defined(values.map(value => value && Math.abs(value)));
}

/** Both lists where both are defined. */
function pairs(a: readonly (number | null)[], b: readonly (number | null)[]): [number[], number[]] {
  const kept = a.flatMap((x, i) => (x === null || b[i] === null ? [] : [[x, b[i]!] as const]));
  return [kept.map(([x]) => x), kept.map(([, y]) => y)];
}

function roundedOrNull(value: number | null): number | null {
  return value === null ? null : rounded(value);
}

function finding(what: string, value: number | null): Finding {
  return value === null ? { what, value, why: 'undefined in every head' } : { what, value: rounded(value) };
}

function line(facet: string, name: string, values: readonly (number | null)[], dashed = false): Series {
  return { facet, name, dashed, points: values.map((y, x) => ({ x, y })) };
}
