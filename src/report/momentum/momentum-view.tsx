import type { VNode } from 'preact';
import { formatDecimal, formatPlural } from '../format/number.ts';
import { DataTable, Facts, HeatFigure, LineFigure } from '../page/parts.tsx';
import { Provenance } from '../page/provenance.tsx';
import { momentumCharts, rowName } from './momentum-charts.ts';
import type { MomentumEntry, MomentumStudy, MomentumTable } from './momentum-result.ts';

export function MomentumView({
  study,
  provenance,
}: {
  readonly study: MomentumStudy;
  readonly provenance: unknown;
}): VNode {
  const { tables, learned, diverged, seeds, signature } = study;
  return (
    <>
      <p>
        Means over {formatPlural(seeds.length, 'seed')}. In brackets the 95 % interval of the difference to plain
        attention, paired by seed; * marks p below 0.05, adjusted for all comparisons of the table.
      </p>
      {diverged.map(why => (
        <p class="wrong">{why}</p>
      ))}
      <div class="figures">
        {momentumCharts(study).map(({ chart }) => (
          <LineFigure chart={chart} />
        ))}
        {learned.map(({ task, eta }) => (
          <HeatFigure
            chart={{
              title: `Learned eta, ${task}`,
              note: 'Mean over the seeds',
              x: 'head',
              y: 'layer',
              value: 'eta',
              rows: eta,
            }}
          />
        ))}
      </div>
      {tables.map(table => (
        <TableView table={table} />
      ))}
      <h3>How it was made</h3>
      <Facts facts={[['signature', <code>{signature}</code>]]} />
      <Provenance provenance={provenance} />
    </>
  );
}

/** What the numbers of a table are; columns name text or task. */
const CAPTIONS: Readonly<Record<string, string>> = {
  perplexity: 'Perplexity of text, by tokens of a sequence',
  'in-context': 'Learning in context',
  classification: 'Classification',
  training: 'Mean loss of training, in nats or squared error',
};

function TableView({ table: { name, columns, rows, baselines } }: { readonly table: MomentumTable }): VNode {
  return (
    <DataTable
      caption={CAPTIONS[name] ?? name}
      columns={[{ name: '' }, ...columns.map(({ title }) => ({ name: title, number: true }))]}
      rows={[
        ...rows.map(({ eta, entries }) => ({
          cells: [{ shown: rowName(eta) }, ...entries.map((entry, i) => cellOf(entry, columns[i]))],
        })),
        ...baselines.map(({ name, values }) => ({
          cells: [{ shown: name }, ...values.map((value, i) => ({ shown: shown(value, columns[i]), value }))],
        })),
      ]}
    />
  );
}

type Column = MomentumTable['columns'][number] | undefined;

function cellOf({ mean, difference, why }: MomentumEntry, column: Column) {
  if (mean === null) return { shown: `undefined: ${why ?? ''}`, value: null };
  const text = shown(mean, column);
  if (difference === undefined) return { shown: text, value: mean };
  const { difference: middle, low, high, adjusted } = difference;
  const bounds = low === null || high === null ? '' : `, ${shown(low, column)} to ${shown(high, column)}`;
  const mark = adjusted !== null && adjusted < 0.05 ? ' *' : '';
  return { shown: `${text} (${middle > 0 ? '+' : ''}${shown(middle, column)}${bounds})${mark}`, value: mean };
}

function shown(value: number | null, column: Column): string {
  if (value === null) return '–';
  return formatDecimal(column?.percent ? 100 * value : value, column?.digits ?? 3);
}
