import { useEffect, useState } from 'preact/hooks';
import type { FolderEntry } from '../../../../src/explore/page-data.ts';
import { formatDecimal, formatPercent } from '../../../../src/report/format/number.ts';
import { settingNames } from '../../../../src/setting/setting-name.ts';
import { mcnemarMidP } from '../../../../src/statistics/mcnemar.ts';
import { pairedT } from '../../../../src/statistics/paired-t.ts';
import { readJson } from '../site.ts';
import { Heads } from './heads.tsx';

const PARAMETERS = ['shots', 'seed', 'learning rate'];

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
          <Heads names={['run', 'model', 'task', ...PARAMETERS]} numbers={PARAMETERS} />
          <tbody>
            {entries.map(({ id, name, model, task, shots, seed, learningRate }) => (
              <tr key={id}>
                <th scope="row">
                  <a href={`#/runs/${id}`}>{name}</a>
                </th>
                <td>{model ?? '–'}</td>
                <td>{task ?? '–'}</td>
                {[shots, seed, learningRate].map((value, i) => (
                  <td key={PARAMETERS[i]} class="number">
                    {value ?? '–'}
                  </td>
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
  const numbers = [
    'rows',
    first.name,
    other.name,
    'difference in points (95 % interval over rows)',
    `only ${first.name} right`,
    `only ${other.name} right`,
    'p (McNemar, mid-p)',
  ];
  return (
    <div class="scroll">
      <table class="differences">
        <caption>
          <span>{`Right answers of ${other.name} against ${first.name}, on the rows of both`}</span>
        </caption>
        <Heads names={['setting', ...numbers]} numbers={numbers} />
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
                    formatPercent(found.one),
                    formatPercent(found.other),
                    found.difference,
                    found.onlyOne,
                    found.onlyOther,
                    found.p?.toPrecision(2) ?? 'no row differs',
                  ].map((value, i) => (
                    <td key={numbers[i]} class="number">
                      {value}
                    </td>
                  ))
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
  const rights = (answers: ReadonlyMap<number, boolean>): Rights => rows.map(row => (answers.get(row)! ? 1 : 0));
  const [ones, others] = [rights(one!), rights(other!)];
  const onlyOne = ones.filter((right, i) => right > others[i]!).length;
  const onlyOther = ones.filter((right, i) => right < others[i]!).length;
  return {
    rows: rows.length,
    one: mean(ones),
    other: mean(others),
    difference: differenceText(ones, others),
    onlyOne,
    onlyOther,
    p: mcnemarMidP(onlyOne, onlyOther),
  };
}

/** 1 for each right answer. */
type Rights = readonly number[];

function mean(values: Rights): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** +2.5 (-1.0 to 6.0) */
function differenceText(ones: Rights, others: Rights): string {
  const points = (share: number) => formatDecimal(100 * share, 1);
  const difference = mean(others) - mean(ones);
  const { low, high } = pairedT(others, ones) ?? { low: null, high: null };
  const bounds = low === null || high === null ? '' : ` (${points(low)} to ${points(high)})`;
  return `${difference > 0 ? '+' : ''}${points(difference)}${bounds}`;
}
