import { useLayoutEffect, useRef, useState } from 'preact/hooks';

interface CardsProps {
  /** Lines: text, a tab, a label word. */
  readonly demonstrations: string;
  readonly labels: string;
  readonly onChange: (demonstrations: string) => void;
}

type Action = 'up' | 'down' | 'flip' | 'drop';

/** The demonstrations as a list whose entries move (dragged, or by buttons), flip their label, or go. */
export function Cards({ demonstrations, labels, onChange }: CardsProps) {
  const [dragged, setDragged] = useState<number>();
  const list = useRef<HTMLOListElement>(null);
  const focus = useRef<{ readonly at: number; readonly action: Action }>(undefined);
  const lines = demonstrations.split('\n').filter(line => line.trim() !== '');
  const words = labels.split(',').map(word => word.trim());
  const put = (changed: readonly string[]) => onChange(changed.join('\n'));
  const move = (from: number, to: number) => {
    if (to < 0 || to >= lines.length || from === to) return;
    put(lines.toSpliced(from, 1).toSpliced(to, 0, lines[from]!));
  };
  const flip = (i: number) => {
    const { text, word } = partsOf(lines[i]!);
    const next = words[(words.indexOf(word) + 1) % words.length]!;
    put(lines.with(i, `${text}\t${next}`));
  };
  const act = (i: number, action: Action) => {
    const to = i + { up: -1, down: 1, flip: 0, drop: 0 }[action];
    focus.current = { at: Math.min(to, lines.length - (action === 'drop' ? 2 : 1)), action };
    if (action === 'flip') flip(i);
    else if (action === 'drop') put(lines.toSpliced(i, 1));
    else move(i, to);
  };
  // The keyboard stays with the demonstration that moved, or with the one that took its place.
  useLayoutEffect(() => {
    const { at, action } = focus.current ?? { at: -1, action: 'up' };
    focus.current = undefined;
    const buttons = list.current!.children[at]?.querySelectorAll<HTMLButtonElement>('button:enabled') ?? [];
    ([...buttons].find(button => button.dataset.action === action) ?? buttons[0])?.focus();
  }, [demonstrations]);
  return (
    <ol ref={list} class="cards" aria-label="Demonstrations in order">
      {lines.map((line, i) => {
        const { text, word } = partsOf(line);
        const which = `demonstration ${i + 1}`;
        const button = (action: Action, name: string, shown: string, disabled = false) => (
          <button
            type="button"
            data-action={action}
            aria-label={name}
            disabled={disabled}
            onClick={() => act(i, action)}
          >
            {shown}
          </button>
        );
        return (
          <li
            key={`${i}`}
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
              {button('up', `Move ${which} up`, '↑', i === 0)}
              {button('down', `Move ${which} down`, '↓', i === lines.length - 1)}
              {button('flip', `Flip the label of ${which}`, 'flip')}
              {button('drop', `Drop ${which}`, 'drop')}
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
