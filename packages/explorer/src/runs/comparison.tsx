import { useEffect, useState } from 'preact/hooks';
import type { FolderEntry } from '../../../../src/explore/page-data.ts';
import { settingNames } from '../../../../src/setting/setting-name.ts';
import { mcnemarMidP } from '../../../../src/statistics/mcnemar.ts';
import { readJson } from '../site.ts';
import { Heads } from './heads.tsx';

interface Line {
  readonly row: number;
  readonly setting: string;
  readonly gold: number;
  readonly predicted: number;
}

/** Right or wrong by setting and row. */
type Answers = ReadonlyMap<string, ReadonlyMap<number, boolean>>;

/** Runs side by side: their parameters, and the first against each other one on the rows that both answered. */
export function Comparison({ entries }: { readonly entries: readonly FolderEntry[] }) {
  const [answers, setAnswers] = useState<readonly Answers[]>();
  const [failure, setFailure] = useState<string>();
  const ids = entries.map(({ id }) => id).join();
  useEffect(() => {
    Promise.all(
      ids.split(',').map(async id => {
        const { examples = [] } = await readJson<{ examples?: readonly Line[] }>(`data/folders/${id}.json`);
        return answersOf(examples);
      }),
    ).then(setAnswers, (error: Error) => setFailure(error.message));
  }, [ids]);
  const [first] = entries;
  const task = entries.every(entry => entry.task === first!.task);
  return (
    <section>
      <h1>Comparison</h1>
      <p>
        <a href="#/runs">All runs</a>
      </p>
      <div class="scroll">
        <table>
          <caption>Parameters</caption>
          <Heads names={['run', 'model', 'task', 'shots', 'seed', 'learning rate']} />
          <tbody>
            {entries.map(({ id, name, model, task, shots, seed, learningRate }) => (
              <tr key={id}>
                <th scope="row">
                  <a href={`#/runs/${id}`}>{name}</a>
                </th>
                {[model, task, shots, seed, learningRate].map((value, i) => (
                  <td key={`${i + 1}`}>{value ?? '–'}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {failure !== undefined && <p role="alert">{failure}</p>}
      {!task && <p>The runs are of different tasks: their rows cannot be paired.</p>}
      {task &&
        answers?.length === entries.length &&
        entries
          .slice(1)
          .map((entry, i) => (
            <Differences key={entry.id} first={first!} other={entry} pair={[answers[0]!, answers[i + 1]!]} />
          ))}
    </section>
  );
}

interface DifferencesProps {
  readonly first: FolderEntry;
  readonly other: FolderEntry;
  readonly pair: readonly [Answers, Answers];
}

function Differences({ first, other, pair }: DifferencesProps) {
  return (
    <div class="scroll">
      <table>
        <caption>{`${other.name} against ${first.name}, on the rows of both`}</caption>
        <Heads
          names={[
            'setting',
            'rows',
            first.name,
            other.name,
            'difference',
            `only ${first.name} right`,
            `only ${other.name} right`,
            'p (McNemar, mid-p)',
          ]}
        />
        <tbody>
          {settingNames.map(setting => {
            const found = compare(pair[0].get(setting), pair[1].get(setting));
            return (
              <tr key={setting}>
                <th scope="row">{setting}</th>
                {found === undefined ? (
                  <td colSpan={7}>no row in common</td>
                ) : (
                  [
                    found.rows,
                    percent(found.one / found.rows),
                    percent(found.other / found.rows),
                    percent((found.other - found.one) / found.rows),
                    found.onlyOne,
                    found.onlyOther,
                    found.p?.toPrecision(2) ?? '–',
                  ].map((value, i) => <td key={`${i + 1}`}>{value}</td>)
                )}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function answersOf(lines: readonly Line[]): Answers {
  const answers = new Map<string, Map<number, boolean>>();
  for (const { row, setting, gold, predicted } of lines) {
    const rows = answers.get(setting) ?? new Map<number, boolean>();
    answers.set(setting, rows.set(row, gold === predicted));
  }
  return answers;
}

function compare(one: ReadonlyMap<number, boolean> | undefined, other: ReadonlyMap<number, boolean> | undefined) {
  const rows = [...(one?.keys() ?? [])].filter(row => other?.has(row));
  if (rows.length === 0) return undefined;
  const count = (is: (row: number) => boolean) => rows.filter(is).length;
  const onlyOne = count(row => one!.get(row)! && !other!.get(row)!);
  const onlyOther = count(row => !one!.get(row)! && other!.get(row)!);
  return {
    rows: rows.length,
    one: count(row => one!.get(row)!),
    other: count(row => other!.get(row)!),
    onlyOne,
    onlyOther,
    p: mcnemarMidP(onlyOne, onlyOther),
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
