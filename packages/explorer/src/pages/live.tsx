import { useEffect, useRef, useState } from 'preact/hooks';
import { UserError } from '../../../../src/error.ts';
import {
  demonstrationLines,
  type LabelledText,
  type LiveRequest,
  parseDemonstrationLines,
  parseLabelWords,
} from '../../../../src/explore/live/request.ts';
import type { PageTask, Site } from '../../../../src/explore/page-data.ts';
import { AttentionText } from '../live/attention-text.tsx';
import { Cards } from '../live/cards.tsx';
import { Losses } from '../live/losses.tsx';
import { Probabilities } from '../live/probabilities.tsx';
import { readRows } from '../live/rows.ts';
import { type LiveState, readState, writeState } from '../live/state.ts';
import { StatusLine } from '../live/status.tsx';
import { UpdatesChart } from '../live/updates.tsx';
import { useLive } from '../live/use-live.ts';
import { currentRoute, replaceParameters } from '../route.ts';
import { readTasks } from '../site.ts';
import { addViewStyle } from '../view-style.ts';

const NOT_IN_PAGE = 'This page is served as files: there is no machine behind it that computes.';

export function LivePage({ site }: { readonly site: Site }) {
  const [state, setState] = useState(() => readState(currentRoute().parameters));
  const [tasks, setTasks] = useState<readonly PageTask[]>([]);
  const [automatic, setAutomatic] = useState(true);
  const queryPlace = useRef(0);
  /** What was taken last: the label words of its task, and demonstrations that follow those in the fields. */
  const taken = useRef<Taken>({ labels: [], others: [] });
  /** The last reading of rows; it ends when the fields hold them. */
  const taking = useRef<Promise<void>>(Promise.resolve());
  /** What the fields hold now: after a wait, `state` is what they held before it. */
  const fields = useRef(state);
  /** Whether the fields hold something of the reader's, which nothing may replace. */
  const touched = useRef(state.demonstrations !== '' || state.query !== '');
  const live = useLive(site.model, state.place);
  const task = tasks.find(({ name }) => name === state.task);
  const { activity, shown, ghost } = live;

  const show = (change: Partial<LiveState>) => {
    fields.current = { ...fields.current, ...change };
    setState(fields.current);
  };
  const update = (change: Partial<LiveState>) => {
    touched.current = true;
    show(change);
  };
  useEffect(() => replaceParameters('live', writeState(state)), [state]);
  useEffect(addViewStyle, []);

  /** Takes rows of a task into the fields; rows that the reader did not choose only into empty ones. */
  const take = async (chosen: PageTask, wish: { seed: string; shots: string; isFirst: boolean }) => {
    try {
      const [seed, shots] = [wholeNumber('seed', wish.seed), wholeNumber('shots', wish.shots)];
      const rows = await readRows({ task: chosen, seed, shots, query: queryPlace.current });
      taken.current = { labels: chosen.labels, others: rows.others };
      if (wish.isFirst && touched.current) return;
      show({
        task: chosen.name,
        seed: wish.seed,
        shots: wish.shots,
        labels: chosen.labels.map(label => label.trim()).join(', '),
        demonstrations: demonstrationLines(rows.demonstrations, chosen.labels),
        query: rows.query,
        learningRate: String(chosen.learningRate ?? fields.current.learningRate),
      });
    } catch (error) {
      if (!wish.isFirst || !touched.current) live.fail((error as Error).message);
    }
  };
  /** One reading after the other, so that the fields hold what was asked for last. */
  const takeNext = (chosen: PageTask, wish: { seed: string; shots: string }) => {
    taking.current = taking.current.then(() => take(chosen, { ...wish, isFirst: false }));
  };
  useEffect(() => {
    const takeFirst = async () => {
      const found = await readTasks();
      setTasks(found);
      const { task: name, seed, shots } = fields.current;
      const first = found.find(each => each.name === name) ?? found[0]!;
      if (seed === '') show({ seed: String(first.seed) });
      await take(first, { seed: fields.current.seed, shots, isFirst: true });
    };
    taking.current = takeFirst().catch((error: Error) => live.fail(error.message));
  }, []);

  const compute = () =>
    live.compute(async () => {
      // Rows on their way belong to the question: they fill the fields or the null of other demonstrations.
      await taking.current;
      return requestOf(fields.current, taken.current);
    }, fields.current.place);
  /** A change by a button is computed at once, where that is wanted. */
  const changeAndCompute = (change: Partial<LiveState>) => {
    update(change);
    if (automatic && shown !== undefined) compute();
  };

  return (
    <div class="live">
      <h1>Live</h1>
      <form
        class="fields"
        onSubmit={event => {
          event.preventDefault();
          compute();
        }}
      >
        <fieldset class="row">
          <legend>Take from a task</legend>
          <label>
            Task
            <select
              value={state.task}
              onChange={({ currentTarget }) => {
                const chosen = tasks.find(({ name }) => name === currentTarget.value)!;
                queryPlace.current = 0;
                takeNext(chosen, { seed: String(chosen.seed), shots: state.shots });
              }}
            >
              {tasks.map(({ name, title }) => (
                <option key={name} value={name} title={title}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <NumberField name="Seed" value={state.seed} least={0} onValue={seed => update({ seed })} />
          <NumberField name="Shots" value={state.shots} least={0} onValue={shots => update({ shots })} />
          <button type="button" disabled={task === undefined} onClick={() => takeNext(task!, state)}>
            Take demonstrations
          </button>
          <button
            type="button"
            disabled={task === undefined}
            onClick={() => {
              queryPlace.current++;
              takeNext(task!, state);
            }}
          >
            Next query
          </button>
        </fieldset>
        <label>
          Demonstrations
          <textarea
            rows={6}
            value={state.demonstrations}
            spellcheck={false}
            aria-describedby="demonstrations-help"
            onInput={({ currentTarget }) => update({ demonstrations: currentTarget.value })}
            onKeyDown={insertTab(demonstrations => update({ demonstrations }))}
          />
        </label>
        <p id="demonstrations-help" class="help">
          One a line: the text as the model reads it, a tab, the label word. Ctrl+I types a tab.
        </p>
        <Cards
          demonstrations={state.demonstrations}
          labels={state.labels}
          onChange={demonstrations => changeAndCompute({ demonstrations })}
        />
        <label>
          Label words
          <input value={state.labels} onInput={({ currentTarget }) => update({ labels: currentTarget.value })} />
        </label>
        <label>
          Query
          <textarea
            rows={3}
            value={state.query}
            spellcheck={false}
            onInput={({ currentTarget }) => update({ query: currentTarget.value })}
          />
        </label>
        <div class="row">
          <NumberField
            name="Learning rate"
            value={state.learningRate}
            least={0}
            onValue={learningRate => update({ learningRate })}
          />
          <label class="check">
            <input
              type="checkbox"
              checked={automatic}
              onChange={({ currentTarget }) => setAutomatic(currentTarget.checked)}
            />
            Compute when a demonstration moves, flips or goes
          </label>
        </div>
        <fieldset class="row">
          <legend>Where</legend>
          <label class="check">
            <input
              type="radio"
              name="place"
              checked={state.place === 'browser'}
              onChange={() => update({ place: 'browser' })}
            />
            Compute in this browser
          </label>
          <label class="check" title={site.server ? undefined : NOT_IN_PAGE}>
            <input
              type="radio"
              name="place"
              checked={state.place === 'machine'}
              disabled={!site.server}
              onChange={() => update({ place: 'machine' })}
            />
            Compute on this machine
          </label>
        </fieldset>
        <div class="row">
          <button type="submit" class="main">
            Compute
          </button>
          <button type="button" disabled={activity.kind !== 'computing'} onClick={live.cancel}>
            Cancel
          </button>
        </div>
        <StatusLine activity={activity} model={site.model} />
      </form>
      {shown && (
        <div class="results">
          <Probabilities shown={shown} ghost={ghost} />
          <UpdatesChart updates={shown.answer.updates} ghost={ghost?.answer.updates} />
          <Losses losses={shown.answer.losses} ghost={ghost?.answer.losses} />
          {shown.answer.attention && <AttentionText attention={shown.answer.attention} />}
        </div>
      )}
    </div>
  );
}

interface Taken {
  /** With their leading space. */
  readonly labels: readonly string[];
  readonly others: readonly LabelledText[];
}

/** @throws UserError naming the field that is wrong */
function requestOf(fields: LiveState, taken: Taken): LiveRequest {
  const labels = parseLabelWords(fields.labels);
  const demonstrations = parseDemonstrationLines(fields.demonstrations, labels);
  const learningRate = Number(fields.learningRate);
  if (!(learningRate > 0)) throw new UserError('The learning rate must be a number above 0.');
  if (fields.query === '') throw new UserError('The query is empty. Write a text.');
  // Rows of the task belong to its label words.
  const others = labels.join() === taken.labels.join() ? taken.others.slice(0, demonstrations.length) : [];
  return { demonstrations, labels, query: fields.query, learningRate, others };
}

interface NumberFieldProps {
  readonly name: string;
  readonly value: string;
  readonly least: number;
  readonly onValue: (value: string) => void;
}

function NumberField({ name, value, least, onValue }: NumberFieldProps) {
  return (
    <label>
      {name}
      <input
        type="number"
        min={least}
        step="any"
        value={value}
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
      />
    </label>
  );
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (text !== '' && Number.isSafeInteger(number) && number >= 0) return number;
  throw new Error(`The ${name} must be a whole number, at least 0.`);
}

/** The key Tab moves to the next field; Ctrl+I types a tab, as in terminals. */
function insertTab(onValue: (value: string) => void) {
  return (event: KeyboardEvent & { readonly currentTarget: HTMLTextAreaElement }) => {
    if (!event.ctrlKey || event.key !== 'i') return;
    event.preventDefault();
    const field = event.currentTarget;
    field.setRangeText('\t', field.selectionStart, field.selectionEnd, 'end');
    onValue(field.value);
  };
}
