import { useState } from 'preact/hooks';
import type { FolderEntry } from '../../../../src/explore/page-data.ts';
import { formatPercent } from '../../../../src/report/format/number.ts';
import { Heads } from './heads.tsx';

const SETTINGS = ['zero-shot', 'in-context', 'finetuned'] as const;
const NUMBERS = ['shots', 'seed', 'learning rate', ...SETTINGS.map(name => `${name} accuracy`), 'SimAOU'];

/** Runs as a table; two or more can be compared. */
export function RunList({ entries }: { readonly entries: readonly FolderEntry[] }) {
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [words, setWords] = useState('');
  const shown = entries.filter(entry =>
    `${entry.place} ${entry.model} ${entry.task}`.toLowerCase().includes(words.toLowerCase()),
  );
  const choose = (id: string, on: boolean) => setChosen(on ? [...chosen, id] : chosen.filter(each => each !== id));
  return (
    <>
      <div class="row">
        <label>
          Filter
          <input type="search" value={words} onInput={({ currentTarget }) => setWords(currentTarget.value)} />
        </label>
        <button
          type="button"
          disabled={chosen.length < 2}
          onClick={() => {
            location.hash = `#/runs/compare?ids=${chosen.join(',')}`;
          }}
        >
          Compare the chosen runs
        </button>
      </div>
      <div class="scroll">
        <table class="folders">
          <caption>{`${shown.length} of ${entries.length} runs`}</caption>
          <Heads names={['compare', 'run', 'task', 'model', ...NUMBERS, 'state']} numbers={NUMBERS} />
          <tbody>
            {shown.map(entry => (
              <tr key={entry.id}>
                <td>
                  <input
                    type="checkbox"
                    aria-label={`Compare ${entry.place}`}
                    checked={chosen.includes(entry.id)}
                    onChange={({ currentTarget }) => choose(entry.id, currentTarget.checked)}
                  />
                </td>
                <th scope="row">
                  <a href={`#/runs/${entry.id}`}>{entry.place}</a>
                </th>
                <td>{entry.task}</td>
                <td>{entry.model}</td>
                <td class="number">{entry.shots}</td>
                <td class="number">{entry.seed}</td>
                <td class="number">{entry.learningRate}</td>
                {SETTINGS.map(key => (
                  <td key={key} class="number">
                    {percentOf(entry.accuracy[key])}
                  </td>
                ))}
                <td class="number">{entry.simAOU?.toFixed(3) ?? '–'}</td>
                <td>{stateOf(entry)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** Folders of every other kind. */
export function StudyList({ entries }: { readonly entries: readonly FolderEntry[] }) {
  return (
    <div class="scroll">
      <table class="folders">
        <caption>{`${entries.length} studies`}</caption>
        <Heads names={['folder', 'kind', 'model', 'state', 'changed']} />
        <tbody>
          {entries.map(entry => (
            <tr key={entry.id}>
              <th scope="row">
                <a href={`#/studies/${entry.id}`}>{entry.place}</a>
              </th>
              <td>{entry.kind}</td>
              <td>{entry.model ?? '–'}</td>
              <td>{stateOf(entry)}</td>
              <td class="whole">{new Date(entry.changed).toLocaleString()}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function percentOf(share: number | null | undefined): string {
  return share == null ? '–' : formatPercent(share);
}

function stateOf({ state, written }: FolderEntry): string {
  if (state === 'finished') return 'finished';
  return written === null ? 'unfinished' : `unfinished, ${Math.round(written / 1000)} kB of answers`;
}
