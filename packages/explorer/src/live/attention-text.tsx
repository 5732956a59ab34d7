import { useMemo, useState } from 'preact/hooks';
import type { Attention, Piece } from '../../../../src/explore/live/answer.ts';
import { pieceText } from './piece-text.ts';

/** How the last token of the query attends to every token in context: heat over the text. */
export function AttentionText({ attention }: { readonly attention: Attention }) {
  const { layers, heads, pieces } = attention;
  const [layer, setLayer] = useState('all');
  const [head, setHead] = useState('all');
  const weights = useMemo(() => weightsOf(attention, layer, head), [attention, layer, head]);
  // The first token takes most of the weight in most heads: the scale is that of the others.
  const largest = Math.max(...weights.slice(1), 1e-9);
  const groups = useMemo(() => groupsOf(pieces), [pieces]);
  return (
    <section class="attention">
      <h2>Attention of the query</h2>
      <p>
        The weight of each token for the last token of the query, in context. Weights sum to 1; the strongest token has{' '}
        {largest.toFixed(4)}, the first token {weights[0]!.toFixed(3)}.
      </p>
      <div class="row">
        <Choice name="Layer" value={layer} count={layers} onValue={setLayer} />
        <Choice name="Head" value={head} count={heads} onValue={setHead} />
      </div>
      <div class="heat">
        {groups.map(({ name, from, to }) => (
          <p key={name} dir="auto">
            <span class="place">{name}</span>
            {pieces.slice(from, to).map((piece, i) => (
              <Token key={`${from + i}`} piece={piece} weight={weights[from + i]!} largest={largest} />
            ))}
          </p>
        ))}
      </div>
      <details>
        <summary>Table: attention by demonstration</summary>
        <table>
          <caption>Share of the attention</caption>
          <thead>
            <tr>
              <th scope="col">part</th>
              <th scope="col">all tokens</th>
              <th scope="col">label word</th>
            </tr>
          </thead>
          <tbody>
            {groups.map(({ name, from, to }) => {
              const own = weights.slice(from, to);
              const shares = [sum(own), sum(own.filter((_, i) => pieces[from + i]!.part === 'label'))];
              return (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  {shares.map((share, i) => (
                    <td key={`${i + 1}`} data-value={share}>
                      {share.toFixed(4)}
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </details>
    </section>
  );
}

interface TokenProps {
  readonly piece: Piece;
  readonly weight: number;
  readonly largest: number;
}

function Token({ piece: { piece, part }, weight, largest }: TokenProps) {
  const heat = Math.min(1, weight / largest);
  const text = part === 'start' ? '⟨start⟩' : part === 'separator' ? '⏎' : pieceText(piece);
  return (
    <span
      class={`token ${part}`}
      style={{
        backgroundColor: `rgb(var(--heat) / ${heat.toFixed(3)})`,
        // Between the two colours the worse contrast on the dark page is 4.5 to 1.
        ...(heat > 0.6 && { color: 'var(--on-heat)' }),
      }}
      title={`${weight.toFixed(4)}`}
    >
      {text}
    </span>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly value: string;
  readonly count: number;
  readonly onValue: (value: string) => void;
}

function Choice({ name, value, count, onValue }: ChoiceProps) {
  return (
    <label>
      {name}
      <select value={value} onChange={({ currentTarget }) => onValue(currentTarget.value)}>
        <option value="all">mean of all</option>
        {Array.from({ length: count }, (_, i) => (
          <option key={`${i}`} value={i}>
            {i}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The weights of one layer and head, or their mean: [P + T] */
function weightsOf({ layers, heads, weights }: Attention, layer: string, head: string): readonly number[] {
  const tokens = weights.length / layers / heads;
  const rows = Array.from({ length: layers * heads }, (_, row) => row).filter(
    row =>
      (layer === 'all' || Math.floor(row / heads) === Number(layer)) &&
      (head === 'all' || row % heads === Number(head)),
  );
  const mean = new Float64Array(tokens);
  for (const row of rows) for (let i = 0; i < tokens; i++) mean[i]! += weights[row * tokens + i]! / rows.length;
  return [...mean];
}

interface Group {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** The start, each demonstration and the query. */
function groupsOf(pieces: readonly Piece[]): readonly Group[] {
  const nameOf = ({ part, demonstration }: Piece) =>
    demonstration === undefined ? (part === 'start' ? 'start' : 'query') : `demonstration ${demonstration + 1}`;
  const groups: { name: string; from: number; to: number }[] = [];
  for (const [i, piece] of pieces.entries()) {
    const name = nameOf(piece);
    const last = groups.at(-1);
    if (last?.name === name) last.to = i + 1;
    else groups.push({ name, from: i, to: i + 1 });
  }
  return groups;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
