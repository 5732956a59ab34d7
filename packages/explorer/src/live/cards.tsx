import { useState } from 'preact/hooks';

interface CardsProps {
  /** Lines: text, a tab, a label word. */
  readonly demonstrations: string;
  readonly labels: string;
  readonly onChange: (demonstrations: string) => void;
}

/** The demonstrations as a list whose entries move (dragged, or by buttons), flip their label, or go. */
export function Cards({ demonstrations, labels, onChange }: CardsProps) {
  const [dragged, setDragged] = useState<number>();
  const lines = demonstrations.split('\n').filter(line => line.trim() !== '');
  const words = labels.split(',').map(word => word.trim());
  const put = (changed: readonly string[]) => onChange(changed.join('\n'));
  const move = (from: number, to: number) => {
    if (to < 0 || to >= lines.length || from === to) return;
    const changed = lines.toSpliced(from, 1).toSpliced(to, 0, lines[from]!);
    put(changed);
  };
  const flip = (i: number) => {
    const { text, word } = partsOf(lines[i]!);
    const next = words[(words.indexOf(word) + 1) % words.length]!;
    put(lines.with(i, `${text}\t${next}`));
  };
  return (
    <ol class="cards" aria-label="Demonstrations in order">
      {lines.map((line, i) => {
        const { text, word } = partsOf(line);
        const which = `demonstration ${i + 1}`;
        return (
          <li
            key={`${i} ${line}`}
            draggable
            class={dragged === i ? 'dragged' : undefined}
            onDragStart={() => setDragged(i)}
            onDragEnd={() => setDragged(undefined)}
            onDragOver={event => event.preventDefault()}
            onDrop={event => {
              event.preventDefault();
              if (dragged !== undefined) move(dragged, i);
              setDragged(undefined);
            }}
          >
            <span class="text" dir="auto">
              {text} <b>{word}</b>
            </span>
            <span class="buttons">
              <button type="button" aria-label={`Move ${which} up`} disabled={i === 0} onClick={() => move(i, i - 1)}>
                ↑
              </button>
              <button
                type="button"
                aria-label={`Move ${which} down`}
                disabled={i === lines.length - 1}
                onClick={() => move(i, i + 1)}
              >
                ↓
              </button>
              <button type="button" aria-label={`Flip the label of ${which}`} onClick={() => flip(i)}>
                flip
              </button>
              <button type="button" aria-label={`Drop ${which}`} onClick={() => put(lines.toSpliced(i, 1))}>
                drop
              </button>
            </span>
          </li>
        );
      })}
    </ol>
  );
}

function partsOf(line: string): { readonly text: string; readonly word: string } {
  const tab = line.lastIndexOf('\t');
  return tab < 0 ? { text: line, word: '' } : { text: line.slice(0, tab), word: line.slice(tab + 1).trim() };
}
