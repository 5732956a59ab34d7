import { useId } from 'preact/hooks';

export interface Line {
  readonly name: string;
  /** Style of the line: a class of the style sheet. */
  readonly look: string;
  /** At 1, 2, ...; null where there is none. */
  readonly values: readonly (number | null)[];
}

interface LineChartProps {
  readonly title: string;
  /** Of what the values are counted by. */
  readonly xName: string;
  readonly yName: string;
  readonly lines: readonly Line[];
  /** Always on the axis. */
  readonly include?: readonly number[];
  readonly x0?: number;
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [560, 220, 44, 12, 10, 34];

/** Lines over small whole numbers, with a legend, and a table of the numbers below. */
export function LineChart({ title, xName, yName, lines, include = [], x0 = 0 }: LineChartProps) {
  const id = useId();
  const count = Math.max(2, ...lines.map(({ values }) => values.length));
  const all = [...include, ...lines.flatMap(({ values }) => values.filter(value => value !== null))];
  const ticks = niceTicks(Math.min(...all), Math.max(...all));
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const x = (i: number) => LEFT + (i * (WIDTH - LEFT - RIGHT)) / (count - 1);
  const y = (value: number) => TOP + ((high - value) * (HEIGHT - TOP - BOTTOM)) / (high - low);
  const step = Math.max(1, Math.ceil(count / 10));
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-labelledby={id}>
        <title id={id}>{title}</title>
        {ticks.map(tick => (
          <g key={tick}>
            <line class={tick === 0 ? 'zero' : 'grid'} x1={LEFT} x2={WIDTH - RIGHT} y1={y(tick)} y2={y(tick)} />
            <text x={LEFT - 6} y={y(tick)} dy="0.32em" text-anchor="end">
              {Number(tick.toPrecision(6))}
            </text>
          </g>
        ))}
        {Array.from({ length: count }, (_, i) => i)
          .filter(i => i % step === 0)
          .map(i => (
            <text key={i} x={x(i)} y={HEIGHT - BOTTOM + 14} text-anchor="middle">
              {i + x0}
            </text>
          ))}
        <text x={(LEFT + WIDTH) / 2} y={HEIGHT - 4} text-anchor="middle">
          {xName}
        </text>
        {lines.map(({ name, look, values }) => (
          <g key={name} class={`line ${look}`}>
            <path d={pathOf(values, x, y)} />
            {values.map((value, i) =>
              value === null ? null : (
                <circle key={`${i + 1}`} cx={x(i)} cy={y(value)} r="2.2">
                  <title>{`${name}, ${xName} ${i + x0}: ${value.toFixed(4)}`}</title>
                </circle>
              ),
            )}
          </g>
        ))}
      </svg>
      <figcaption>
        <ul class="legend">
          {lines.map(({ name, look }) => (
            <li key={name}>
              <svg viewBox="0 0 24 8" class={`line ${look}`} aria-hidden="true">
                <path d="M0 4H24" />
              </svg>
              {name}
            </li>
          ))}
        </ul>
        <details>
          <summary>{`Table: ${title}`}</summary>
          <table>
            <caption>{yName}</caption>
            <thead>
              <tr>
                <th scope="col">{xName}</th>
                {lines.map(({ name }) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {Array.from({ length: count }, (_, i) => i).map(i => (
                <tr key={i}>
                  <th scope="row">{i + x0}</th>
                  {lines.map(({ name, values }) => (
                    <td key={name} data-value={values[i]}>
                      {values[i] == null ? '–' : values[i].toFixed(4)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      </figcaption>
    </figure>
  );
}

function pathOf(values: readonly (number | null)[], x: (i: number) => number, y: (value: number) => number): string {
  let path = '';
  let pen = 'M';
  for (const [i, value] of values.entries()) {
    if (value === null) pen = 'M';
    else {
      path += `${pen}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
      pen = 'L';
    }
  }
  return path;
}

/** Round numbers around a range, 3 to 7 of them. */
function niceTicks(low: number, high: number): readonly number[] {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  const range = high - low || Math.abs(high) || 1;
  const power = 10 ** Math.floor(Math.log10(range / 4));
  const unit = power * [1, 2, 5, 10].find(factor => range / (power * factor) <= 5)!;
  const [first, last] = [Math.floor(low / unit), Math.ceil(high / unit)];
  const end = last > first ? last : first + 1;
  return Array.from({ length: end - first + 1 }, (_, i) => (first + i) * unit);
}
