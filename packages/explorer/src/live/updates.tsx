import type { Updates } from '../../../../src/explore/live/answer.ts';
import type { LineChart, Panel, Series } from '../../../../src/report/chart/line-chart.tsx';
import { LineFigure } from '../../../../src/report/page/parts.tsx';
import { pointsFrom } from './points.ts';

interface UpdatesChartProps {
  readonly updates: Updates | undefined;
  readonly ghost: Updates | undefined;
}

/** The updates of both kinds of learning by layer: their cosine beside the nulls, and their sizes. */
export function UpdatesChart({ updates, ghost }: UpdatesChartProps) {
  if (updates === undefined) return null;
  const before = ghost?.cosine.length === updates.cosine.length ? ghost : undefined;
  const cosines: Series[] = [
    { name: 'these demonstrations', points: pointsFrom(0, updates.cosine) },
    ...updates.nulls.flatMap(({ name, cosine }) =>
      cosine ? [{ name, points: pointsFrom(0, cosine), dashed: true }] : [],
    ),
    ...(before
      ? [{ name: 'before', points: pointsFrom(0, before.cosine), tone: 'baseline', dashed: true } as const]
      : []),
  ];
  const sizes: Series[] = [
    { name: 'in-context', points: pointsFrom(0, updates.inContextSize) },
    { name: 'finetuned', points: pointsFrom(0, updates.finetunedSize) },
  ];
  return (
    <section>
      <h2>Updates of the attention output</h2>
      <p>
        Cosine of the in-context update and the finetuned one in each layer. The nulls replace the in-context update: if
        other demonstrations or shuffled labels score as high, the agreement says nothing about these.
      </p>
      <ByLayer title="Cosine of both updates by layer" y="cosine of the updates" series={cosines} />
      {updates.nulls.map(({ name, why }) =>
        why === undefined ? null : <p key={name} class="help">{`No null "${name}": ${why}.`}</p>,
      )}
      <ByLayer title="Size of both updates by layer" y="share of the zero-shot output" series={sizes} />
    </section>
  );
}

function ByLayer({ title, y, series }: Pick<LineChart, 'title' | 'y'> & Pick<Panel, 'series'>) {
  if (series.every(({ points }) => points.every(point => point.y === null)))
    return <p class="help">{`${title}: not defined, as an update is zero in every layer.`}</p>;
  return <LineFigure chart={{ title, x: 'layer', y, panels: [{ series, baseline: { value: 0, name: 'zero' } }] }} />;
}
