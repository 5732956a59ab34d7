/** @file What becomes of a row from zero-shot to the other settings. */
import type { SettingName } from '../../setting/setting-name.ts';

/** From right or wrong zero-shot to right or wrong in the other settings. */
export interface Flow {
  readonly from: 'right' | 'wrong';
  /** In words: `put right by both`. */
  readonly to: string;
  /** The class of its colour. */
  readonly tone: string;
}

type Rights = Readonly<Partial<Record<SettingName, { readonly right: boolean }>>>;

const flow = (from: Flow['from'], to: string, tone: string): Flow => ({ from, to, tone });

/** By the answers in context and finetuned. */
const OF_BOTH = {
  wrong: {
    'right right': flow('wrong', 'put right by both', 's2'),
    'right wrong': flow('wrong', 'put right in context alone', 's0'),
    'wrong right': flow('wrong', 'put right by finetuning alone', 's4'),
    'wrong wrong': flow('wrong', 'wrong in all', 's7'),
  },
  right: {
    'right right': flow('right', 'right in all', 's7'),
    'wrong right': flow('right', 'broken in context alone', 's5'),
    'right wrong': flow('right', 'broken by finetuning alone', 's6'),
    'wrong wrong': flow('right', 'broken by both', 's1'),
  },
} as const;

/** Where one of the two was run. */
const OF_ONE = {
  wrong: { right: flow('wrong', 'put right', 's2'), wrong: flow('wrong', 'wrong in both', 's7') },
  right: { right: flow('right', 'right in both', 's7'), wrong: flow('right', 'broken', 's1') },
} as const;

/** Every flow in the order in which it is shown. */
const ORDER: readonly Flow[] = [OF_BOTH.wrong, OF_BOTH.right, OF_ONE.wrong, OF_ONE.right].flatMap(group =>
  Object.values(group),
);

/** Undefined without zero-shot, or with zero-shot alone. */
export function flowOf(answers: Rights): Flow | undefined {
  const { 'zero-shot': before, 'in-context': inContext, finetuned } = answers;
  if (before === undefined) return undefined;
  const from = word(before);
  if (inContext && finetuned) return OF_BOTH[from][`${word(inContext)} ${word(finetuned)}`];
  const other = inContext ?? finetuned;
  return other && OF_ONE[from][word(other)];
}

function word({ right }: { readonly right: boolean }): 'right' | 'wrong' {
  return right ? 'right' : 'wrong';
}

/** The flows that occur among some, each with its number, in order. */
export function countFlows(found: readonly (Flow | undefined)[]): readonly (Flow & { readonly count: number })[] {
  return ORDER.map(each => ({ ...each, count: found.filter(other => other === each).length })).filter(
    ({ count }) => count > 0,
  );
}
