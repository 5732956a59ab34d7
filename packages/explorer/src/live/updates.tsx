import type { Updates } from '../../../../src/explore/live/answer.ts';
import { type Line, LineChart } from '../charts/line-chart.tsx';

const LOOKS: Readonly<Record<string, string>> = { 'other demonstrations': 'null-1', 'shuffled labels': 'null-2' };

interface UpdatesChartProps {
  readonly updates: Updates | undefined;
  readonly ghost: Updates | undefined;
}

/** The updates of both kinds of learning by layer: their cosine beside the nulls, and their sizes. */
export function UpdatesChart({ updates, ghost }: UpdatesChartProps) {
  if (updates === undefined) return null;
  const before = ghost?.cosine.length === updates.cosine.length ? ghost : undefined;
  const cosines: Line[] = [
    ...(before ? [{ name: 'before', look: 'ghost', values: before.cosine }] : []),
    ...updates.nulls.flatMap(({ name, cosine }) => (cosine ? [{ name, look: LOOKS[name]!, values: cosine }] : [])),
    { name: 'these demonstrations', look: 'own', values: updates.cosine },
  ];
  const missing = updates.nulls.filter(({ why }) => why !== undefined);
  return (
    <section>
      <h2>Updates of the attention output</h2>
      <p>
        Cosine of the in-context update and the finetuned one in each layer. The nulls replace the in-context update: if
        other demonstrations or shuffled labels score as high, the agreement says nothing about these.
      </p>
      <LineChart
        title="Cosine of both updates by layer"
        xName="layer"
        yName="cosine of the updates"
        lines={cosines}
        include={[0]}
      />
      {missing.map(({ name, why }) => (
        <p key={name} class="help">{`No null "${name}": ${why}.`}</p>
      ))}
      <LineChart
        title="Size of both updates by layer"
        xName="layer"
        yName="size of the update, as a share of the zero-shot output"
        lines={[
          { name: 'in-context', look: 'in-context', values: updates.inContextSize },
          { name: 'finetuned', look: 'finetuned', values: updates.finetunedSize },
        ]}
        include={[0]}
      />
    </section>
  );
}
