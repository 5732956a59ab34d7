import { parquetWriteBuffer } from 'hyparquet-writer';
import type { CellTable, Scalar } from './cell-table.ts';

/** The table as Parquet: float64, boolean or UTF-8 columns; a column with several types is text. */
export function parquetOf({ columns, values }: CellTable): Uint8Array {
  const columnData = columns.map((name, i) => {
    const data = values[i]!;
    const type = typeOf(data);
    return { name, type, nullable: true, data: type === 'STRING' ? data.map(asText) : (data as Scalar[]) };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

function typeOf(values: readonly Scalar[]): 'DOUBLE' | 'BOOLEAN' | 'STRING' {
  const types = new Set<string>();
  for (const value of values) if (value !== null) types.add(typeof value);
  if (types.size !== 1) return 'STRING';
  return types.has('number') ? 'DOUBLE' : types.has('boolean') ? 'BOOLEAN' : 'STRING';
}

function asText(value: Scalar): string | null {
  return value === null ? null : String(value);
}
