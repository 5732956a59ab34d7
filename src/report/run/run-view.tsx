import type { VNode } from 'preact';
import type { SettingName } from '../../setting/setting-name.ts';
import { splitPanels } from '../chart/line-chart.tsx';
import { formatCount, formatDecimal, formatPlural } from '../format/number.ts';
import { type Column, DataTable, Facts, FlowFigure, IntervalFigure, LineFigure, Tokens } from '../page/parts.tsx';
import { Provenance } from '../page/provenance.tsx';
import { formatFindings } from './findings.ts';
import { countFlows } from './flow.ts';
import { repeatCommand } from './repeat-command.ts';
import { accuracyChart, flowChart, lossChart, similarityChart, similaritySummary } from './run-charts.ts';
import type { Answer, Demonstration, Fed, RunData, RunRow } from './run-data.ts';

/** Rows that the page shows; the data hold all. */
const ROWS_AT_MOST = 2000;

export function RunView({ run }: { readonly run: RunData }): VNode {
  const { result } = run;
  const flows = flowChart(run);
  const losses = lossChart(run);
  const similarities = similaritySummary(run);
  return (
    <>
      <div class="findings">
        {formatFindings(result).map(sentence => (
          <p>{sentence}</p>
        ))}
      </div>
      <p class="soft">{rowsTaken(result.task)}</p>
      <div class="figures">
        {run.settings.length > 0 && <IntervalFigure chart={accuracyChart(run)} />}
        {flows && <FlowFigure chart={flows} />}
      </div>
      {similarities.rows.length > 0 && (
        <>
          <h3>Similarities</h3>
          <div class="figures">
            <IntervalFigure chart={similarities} />
            {splitPanels(similarityChart(run)).map(chart => (
              <LineFigure chart={chart} />
            ))}
          </div>
        </>
      )}
      {run.rows.length > 0 && (
        <>
          <h3>Rows</h3>
          <p>{textSource(run)}</p>
          <RowTable run={run} />
        </>
      )}
      {run.prefixes.length > 0 && <Prompts run={run} />}
      {(losses || run.demonstrations.length > 0) && (
        <>
          <h3>Demonstrations</h3>
          <div class="figures">{losses && <LineFigure chart={losses} />}</div>
          <DemonstrationTable run={run} />
        </>
      )}
      <h3>How it was made</h3>
      <Facts facts={factsOf(run)} />
      <Provenance provenance={run.provenance} />
    </>
  );
}

function rowsTaken({ examples, evaluationRows, leaksExcluded }: RunData['result']['task']): string {
  const taken =
    examples < evaluationRows
      ? `The first ${formatCount(examples)} of ${formatCount(evaluationRows)} evaluation rows were taken.`
      : `All ${formatPlural(evaluationRows, 'evaluation row')} were taken.`;
  return leaksExcluded === 0
    ? taken
    : `${taken} ${formatPlural(leaksExcluded, 'row')} that are training rows too were left out.`;
}

function textSource({ texts, rows }: RunData): string {
  const shown =
    rows.length > ROWS_AT_MOST
      ? ` The first ${formatCount(ROWS_AT_MOST)} of ${formatCount(rows.length)} rows are shown.`
      : '';
  return texts.from === null
    ? `Token ids stand for the text, since ${texts.why}.${shown}`
    : `The texts are those of ${texts.from}.${shown}`;
}

function piecesOf({ texts }: RunData): Readonly<Record<string, string>> | undefined {
  return texts.from === null ? undefined : texts.pieces;
}

function RowTable({ run }: { readonly run: RunData }): VNode {
  const { settings, rows, result } = run;
  const flows = countFlows(rows.map(({ flow }) => flow));
  const columns: readonly Column[] = [
    { name: 'place', number: true },
    { name: 'row', number: true },
    { name: 'prompt' },
    { name: 'gold' },
    ...settings.map(name => ({ name })),
    { name: 'SimAOU', number: true },
    { name: 'SimAM', number: true },
    { name: 'flow' },
  ];
  return (
    <DataTable
      caption="Rows in the evaluation order, with log-probabilities of the label words in nats; ✗ marks a wrong answer"
      columns={columns}
      searchable
      groups={flows.length === 0 ? undefined : { name: 'Flow', of: flows.map(({ to }) => to) }}
      rows={rows.slice(0, ROWS_AT_MOST).map(row => ({
        group: row.flow?.to,
        cells: [
          { shown: row.index, value: row.index },
          { shown: row.row, value: row.row },
          { shown: <Prompt run={run} fed={row.query} />, value: row.query?.text ?? '', tone: 'text' },
          { shown: word(run, row.gold) },
          ...settings.map(name => answerCell(run, row, name)),
          number(row.simAOU),
          number(row.simAM),
          { shown: row.flow?.to ?? '–' },
        ],
      }))}
    />
  );

  function answerCell({ result: { task } }: RunData, { answers }: RunRow, name: SettingName) {
    const answer = answers[name];
    if (answer === undefined) return { shown: '–' };
    return {
      shown: (
        <>
          {word(run, answer.predicted)}
          {answer.right ? '' : ' ✗'}
          <br />
          <span class="small">
            {logProbabilities(answer, task.labels).map(each => (
              <>
                <span class="whole">{each}</span>{' '}
              </>
            ))}
          </span>
        </>
      ),
      value: `${result.task.labels[answer.predicted]?.trim() ?? answer.predicted} (${logProbabilities(answer, task.labels).join(', ')})`,
      tone: answer.right ? undefined : ('wrong' as const),
    };
  }
}

function number(value: number | null) {
  return { shown: value === null ? '–' : formatDecimal(value), value };
}

function word({ result: { task } }: RunData, label: number): string {
  return task.labels[label]?.trim() ?? `label ${label}`;
}

function logProbabilities({ logProbabilities }: Answer, labels: readonly string[]): readonly string[] {
  return logProbabilities.map((value, i) => `${labels[i]?.trim() ?? i} ${formatDecimal(value, 2)}`);
}

/** The text of what is fed; opened, its tokens. */
function Prompt({ run, fed }: { readonly run: RunData; readonly fed: Fed | undefined }): VNode {
  if (fed === undefined) return <>–</>;
  return (
    <details>
      <summary>{fed.text ?? formatPlural(fed.tokens.length, 'token')}</summary>
      <Tokens tokens={fed.tokens} pieces={piecesOf(run)} />
    </details>
  );
}

function Prompts({ run }: { readonly run: RunData }): VNode {
  return (
    <>
      <h3>The prompt before each row</h3>
      <p>
        The model reads the prefix of the setting and then the tokens of the row, which are those in the table above.
        Nothing else is fed. Finetuned, the prefix is that of zero-shot, and the projections are changed.
      </p>
      {run.prefixes.map(({ setting, ...fed }) => (
        <details>
          <summary>
            {setting}: {formatPlural(fed.tokens.length, 'token')}
          </summary>
          <Tokens tokens={fed.tokens} pieces={piecesOf(run)} />
        </details>
      ))}
    </>
  );
}

function DemonstrationTable({ run }: { readonly run: RunData }): VNode {
  const demonstrations: readonly Demonstration[] =
    run.demonstrations.length > 0
      ? run.demonstrations
      : run.result.task.demonstrations.map((row, step) => ({ step, row, label: -1, loss: null, tokens: [] }));
  return (
    <DataTable
      caption="Demonstrations in their order; each loss before its step of finetuning, in nats per token"
      columns={[
        { name: 'step', number: true },
        { name: 'row', number: true },
        { name: 'label' },
        { name: 'loss', number: true },
        { name: 'text' },
      ]}
      rows={demonstrations.map(each => ({
        cells: [
          { shown: each.step + 1, value: each.step + 1 },
          { shown: each.row, value: each.row },
          { shown: each.label < 0 ? '–' : word(run, each.label) },
          number(each.loss),
          {
            shown: each.tokens.length === 0 ? '–' : <Prompt run={run} fed={each} />,
            value: each.text ?? '',
            tone: 'text',
          },
        ],
      }))}
    />
  );
}

function factsOf(run: RunData): readonly (readonly [string, VNode | string])[] {
  const { result, plan } = run;
  const { command, missing } = repeatCommand(run);
  const { model, task, finetuning } = result;
  return [
    ['folder', run.name],
    ['signature', <code>{result.signature}</code>],
    ['repeat it', <code>{command}</code>],
    ...(missing.length === 0 ? [] : [['give again', missing.join('; ')] as const]),
    [
      'model',
      `${model.name} (${model.family}, ${model.layers} layers, ${model.heads} heads, hidden size ${model.hiddenSize}, ${formatCount(model.parameters)} parameters)`,
    ],
    ['digest of the model', <code>{model.digest}</code>],
    [
      'task',
      `${task.name}, template ${task.template}, label words ${task.labels.map(label => `“${label}”`).join(', ')}`,
    ],
    ['digest of the task', <code>{task.digest}</code>],
    [
      'demonstrations',
      `${task.shots}${task.shots < task.shotsAsked ? ` of ${task.shotsAsked} (more do not fit the context)` : ''}, seed ${task.seed}`,
    ],
    ['learning rate', finetuning.learningRate === null ? 'nothing was finetuned' : String(finetuning.learningRate)],
    ...(plan.tap === undefined ? [] : [['attention is read at', plan.tap] as const]),
  ];
}
