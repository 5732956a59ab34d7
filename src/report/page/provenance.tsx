import type { VNode } from 'preact';
import * as z from 'zod';
import { formatBytes, formatCount } from '../format/number.ts';
import { DataTable, Facts } from './parts.tsx';

const provenanceFile = z.object({
  timing: z
    .object({
      seconds: z.record(z.string(), z.number()),
      tokens: z.record(z.string(), z.number()),
      peakMemoryBytes: z.number(),
    })
    .partial()
    .optional(),
  provenance: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});

/** Machine, version and times, as far as `provenance.json` has them. */
export function Provenance({ provenance }: { readonly provenance: unknown }): VNode | null {
  const { data } = provenanceFile.safeParse(provenance);
  if (data === undefined) return null;
  const { timing, provenance: machine = {} } = data;
  const seconds = Object.entries(timing?.seconds ?? {});
  return (
    <>
      <Facts
        facts={[
          ...Object.entries(machine).map(([name, value]) => [name, String(value)] as const),
          ...(timing?.peakMemoryBytes === undefined
            ? []
            : [['memory at its peak', formatBytes(timing.peakMemoryBytes)] as const]),
        ]}
      />
      {seconds.length > 0 && (
        <details>
          <summary>Times</summary>
          <DataTable
            caption="Time of each stage"
            columns={[{ name: 'stage' }, { name: 'seconds', number: true }, { name: 'tokens', number: true }]}
            rows={seconds.map(([stage, value]) => ({
              cells: [
                { shown: stage },
                { shown: value.toFixed(1), value },
                { shown: formatCount(timing?.tokens?.[stage] ?? 0), value: timing?.tokens?.[stage] ?? 0 },
              ],
            }))}
          />
        </details>
      )}
    </>
  );
}
