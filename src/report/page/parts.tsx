/** @file The parts of all views: figures with their numbers, tables, tokens. */
import type { ComponentChildren, VNode } from 'preact';
import { type FlowChart, FlowChartView, flowNumbers } from '../chart/flow-chart.tsx';
import { type HeatMap, HeatMapView, heatNumbers } from '../chart/heat-map.tsx';
import { type IntervalChart, IntervalChartView, intervalNumbers } from '../chart/interval-chart.tsx';
import { type LineChart, LineChartView, lineNumbers } from '../chart/line-chart.tsx';
import type { Numbers } from '../chart/numbers.ts';
import { visibleToken } from './visible-text.ts';

export function LineFigure({ chart }: { readonly chart: LineChart }): VNode {
  return (
    <Figure title={chart.title} numbers={lineNumbers(chart)}>
      <LineChartView chart={chart} />
    </Figure>
  );
}

export function IntervalFigure({ chart }: { readonly chart: IntervalChart }): VNode {
  return (
    <Figure title={chart.title} numbers={intervalNumbers(chart)}>
      <IntervalChartView chart={chart} />
    </Figure>
  );
}

export function HeatFigure({ chart }: { readonly chart: HeatMap }): VNode {
  return (
    <Figure title={chart.title} numbers={heatNumbers(chart)}>
      <HeatMapView chart={chart} />
    </Figure>
  );
}

export function FlowFigure({ chart }: { readonly chart: FlowChart }): VNode {
  return (
    <Figure title={chart.title} numbers={flowNumbers(chart)}>
      <FlowChartView chart={chart} />
    </Figure>
  );
}

/** A chart with its numbers as a table below. */
function Figure({
  title,
  numbers,
  children,
}: {
  readonly title: string;
  readonly numbers: Numbers;
  readonly children: VNode;
}): VNode {
  const columns = numbers.head.map((name, i) => ({ name, number: i > 0 }));
  return (
    <figure>
      {children}
      <details>
        <summary>Numbers of this figure</summary>
        <DataTable
          caption={title}
          columns={columns}
          rows={numbers.rows.map(row => ({
            cells: row.map(cell => (typeof cell === 'string' ? { shown: cell } : cell)),
          }))}
        />
      </details>
    </figure>
  );
}

export interface Column {
  readonly name: string;
  readonly number?: boolean | undefined;
}

export interface Cell {
  readonly shown: ComponentChildren;
  /** What the column is sorted by, and the content of a CSV file (default: the text). */
  readonly value?: number | string | null | undefined;
  readonly tone?: 'wrong' | 'text' | undefined;
}

export interface Row {
  readonly cells: readonly Cell[];
  /** The group that a filter can choose. */
  readonly group?: string | undefined;
}

/** A table that the script of the page sorts, filters and saves. */
export function DataTable({
  caption,
  columns,
  rows,
  groups,
  searchable = false,
}: {
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  /** The groups that the reader can choose from, and what they are. */
  readonly groups?: { readonly name: string; readonly of: readonly string[] } | undefined;
  readonly searchable?: boolean | undefined;
}): VNode {
  return (
    <div class="data">
      <div class="tools" hidden>
        {groups && (
          <label>
            {groups.name}
            <select data-filter="group">
              <option value="">all</option>
              {groups.of.map(group => (
                <option value={group}>{group}</option>
              ))}
            </select>
          </label>
        )}
        {searchable && (
          <label>
            Search
            <input type="search" data-filter="text" />
          </label>
        )}
        <button type="button" data-save="csv" data-name={caption}>
          Save as CSV
        </button>
        {(groups !== undefined || searchable) && <span role="status" class="soft" />}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard */}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is of controls */}
      <div class="scroll" role="group" tabIndex={0} aria-label={caption}>
        <table>
          <caption>
            <span>{caption}</span>
          </caption>
          <thead>
            <tr>
              {columns.map(({ name, number }) => (
                <th scope="col" class={number ? 'number' : undefined}>
                  {name === '' ? <span class="soft">name</span> : name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ cells, group }) => (
              <tr data-group={group}>
                {cells.map(({ shown, value, tone }, i) => (
                  <td
                    class={[columns[i]?.number ? 'number' : '', tone ?? ''].filter(Boolean).join(' ') || undefined}
                    data-value={value}
                  >
                    {shown}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** Tokens side by side, each with its id. */
export function Tokens({
  tokens,
  pieces,
}: {
  readonly tokens: readonly number[];
  /** Their texts; ids are shown where there are none. */
  readonly pieces: Readonly<Record<string, string>> | undefined;
}): VNode {
  return (
    <div class="tokens">
      {tokens.map(id => (
        <span data-tip={`token ${id}`}>{pieces === undefined ? `${id} ` : visibleToken(pieces[id] ?? `⟨${id}⟩`)}</span>
      ))}
    </div>
  );
}

/** Names and what they stand for. */
export function Facts({
  facts,
}: {
  readonly facts: readonly (readonly [name: string, value: ComponentChildren])[];
}): VNode {
  return (
    <dl>
      {facts.map(([name, value]) => (
        <>
          <dt class="soft">{name}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}
