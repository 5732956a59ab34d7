import type { LiveAnswer } from '../../../../src/explore/live/answer.ts';
import { demonstrationLines, type LiveRequest } from '../../../../src/explore/live/request.ts';
import type { SettingName } from '../../../../src/setting/setting-name.ts';
import { Losses } from '../live/losses.tsx';
import { Probabilities } from '../live/probabilities.tsx';
import { percent, sharesOf } from '../live/shares.ts';
import { EMPTY, writeState } from '../live/state.ts';
import { UpdatesChart } from '../live/updates.tsx';
import stored from './example.json' with { type: 'json' };

interface Example {
  readonly model: string;
  readonly task: string;
  readonly seed: number;
  readonly gold: number;
  readonly request: LiveRequest;
  readonly answer: LiveAnswer;
}

/** Written by scripts/explorer-example.ts. */
const example = stored as unknown as Example;

/** Five steps through one example. */
export function ReadPage() {
  const { request, answer, gold, model, task, seed } = example;
  const { labels, demonstrations, query, learningRate } = request;
  const shown = { labels, answer };
  const word = (label: number) => labels[label]!.trim();
  const { updates, losses } = answer;
  return (
    <div class="read">
      <h1>How to read this</h1>
      <p>
        One example in five steps. Its numbers were computed with {model} on {task}, with the {demonstrations.length}{' '}
        demonstrations of seed {seed}. <a href={liveAddress()}>Open the example in Live</a> to compute it here and to
        change it.
      </p>
      <ol class="steps">
        <li>
          <h2>The query alone</h2>
          <p>The model reads a text and predicts the next word. This is called zero-shot.</p>
          <blockquote>{query}</blockquote>
          <p>
            The answer is one of the label words {labels.map(label => label.trim()).join(' and ')}; the data set says{' '}
            <b>{word(gold)}</b>. Among all tokens the model gives {percent(probability('zero-shot'))} to this word,
            since no text told it that a label follows. What counts is its share among the label words: it is{' '}
            {percent(share('zero-shot'))}, so the model prefers <b>{chosen('zero-shot')}</b>.
          </p>
        </li>
        <li>
          <h2>Demonstrations before the query</h2>
          <p>Now the model reads {demonstrations.length} texts with their labels first. This is called in-context.</p>
          <ol class="demonstrations">
            {demonstrations.map(({ text, label }) => (
              <li key={text}>
                {text} <b>{word(label)}</b>
              </li>
            ))}
          </ol>
          <p>
            No weight of the model changes, but among all tokens <b>{word(gold)}</b> has{' '}
            {percent(probability('in-context'))} now. Its share among the label words is {percent(share('in-context'))},
            and the model prefers <b>{chosen('in-context')}</b>.
          </p>
        </li>
        <li>
          <h2>The same demonstrations as training data</h2>
          <p>
            Instead of reading the demonstrations, the model takes one step of gradient descent on each, with learning
            rate {learningRate}, and only the key and value projections of its attention change. The loss before each
            step says how much of a demonstration it did not expect: {losses[0]!.toFixed(2)} nats per token for the
            first, {losses.at(-1)!.toFixed(2)} for the last. This setting is called finetuned; it prefers{' '}
            <b>{chosen('finetuned')}</b>, with {percent(share('finetuned'))} for <b>{word(gold)}</b>.
          </p>
          <Losses losses={losses} ghost={undefined} />
        </li>
        <li>
          <h2>Two updates, one direction?</h2>
          <p>
            Both kinds of learning move the output of the attention away from the zero-shot one. The question of the
            field is whether they move it in the same direction. A cosine of 1 means the same direction, 0 unrelated
            ones. Over the layers it is {mean(updates!.cosine).toFixed(2)} on average here.
          </p>
          <UpdatesChart updates={updates} ghost={undefined} />
        </li>
        <li>
          <h2>Compared with what?</h2>
          <p>
            A cosine above 0 shows little by itself: any text before the query moves the attention. So the in-context
            update is replaced by one that learned something else.{' '}
            {updates!.nulls.map(({ name, cosine, why }) =>
              cosine ? `With ${name} the average is ${mean(cosine).toFixed(2)}. ` : `${name}: ${why}. `,
            )}
            Only what a null does not reach speaks for these demonstrations and their labels. One query cannot decide
            this; <code>dualform evidence</code> computes it over many rows and seeds.
          </p>
          <Probabilities shown={shown} ghost={undefined} />
          <p>
            Try it in Live: flip a label, drop a demonstration, move the last one to the front, or raise the learning
            rate, and see which of the settings follows.
          </p>
        </li>
      </ol>
    </div>
  );

  function logProbabilitiesOf(name: SettingName): readonly number[] {
    return answer.settings.find(setting => setting.name === name)!.logProbabilities;
  }
  /** Of the gold word, among all tokens. */
  function probability(name: SettingName): number {
    return Math.exp(logProbabilitiesOf(name)[gold]!);
  }
  /** Of the gold word, among the label words. */
  function share(name: SettingName): number {
    return sharesOf(logProbabilitiesOf(name))[gold]!;
  }
  function chosen(name: SettingName): string {
    const found = logProbabilitiesOf(name);
    return word(found.indexOf(Math.max(...found)));
  }
}

function liveAddress(): string {
  const { request, task, seed } = example;
  const { demonstrations, labels, query, learningRate } = request;
  const parameters = writeState({
    ...EMPTY,
    demonstrations: demonstrationLines(demonstrations, labels),
    labels: labels.map(label => label.trim()).join(', '),
    query,
    learningRate: String(learningRate),
    task,
    seed: String(seed),
    shots: String(demonstrations.length),
  });
  return `#/live?${parameters}`;
}

function mean(values: readonly (number | null)[]): number {
  const defined = values.filter(value => value !== null);
  return defined.reduce((sum, value) => sum + value, 0) / defined.length;
}
