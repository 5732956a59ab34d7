import type { VNode } from 'preact';
import { evidenceStudy } from './evidence/evidence-result.ts';
import { EvidenceView } from './evidence/evidence-view.tsx';
import type { FolderData } from './folder-data.ts';
import { momentumStudy } from './momentum/momentum-result.ts';
import { MomentumView } from './momentum/momentum-view.tsx';
import { RunsView, tableResult } from './other/runs-view.tsx';
import { SweepView, sweepResult } from './other/sweep-view.tsx';
import { TheoryView, theoryResult } from './other/theory-view.tsx';
import { TrainView, trainResult } from './other/train-view.tsx';
import { TuneView, tuneResult } from './other/tune-view.tsx';
import { readResult } from './read-result.ts';
import { readRun } from './run/run-data.ts';
import { RunView } from './run/run-view.tsx';

/** A folder as the reader sees it: its title, and its view. */
export interface FolderShown {
  readonly title: string;
  readonly view: VNode;
}

/** @throws UserError when it is not finished, or damaged */
export function showFolder(folder: FolderData): FolderShown {
  const { name, kind, plan, provenance, losses = [] } = folder;
  switch (kind) {
    case 'run': {
      const run = readRun(folder);
      return { title: `${run.result.task.name} with ${run.result.model.name}`, view: <RunView run={run} /> };
    }
    case 'table':
      return { title: `Runs in ${name}`, view: <RunsView result={readResult(folder, tableResult)} /> };
    case 'tune': {
      const result = readResult(folder, tuneResult);
      return {
        title: `Tuning ${result.model} on ${result.task}`,
        view: <TuneView result={result} provenance={provenance} />,
      };
    }
    case 'evidence': {
      const study = readResult(folder, evidenceStudy);
      const tasks = study.tasks.map(task => task.name).join(', ');
      return {
        title: `What the similarities are evidence of: ${study.model.name} on ${tasks}`,
        view: <EvidenceView study={study} provenance={provenance} />,
      };
    }
    case 'momentum':
      return {
        title: `Does momentum help attention? ${name}`,
        view: <MomentumView study={readResult(folder, momentumStudy)} provenance={provenance} />,
      };
    case 'theory':
      return { title: `The dual form: ${name}`, view: <TheoryView result={readResult(folder, theoryResult)} /> };
    case 'train': {
      const result = readResult(folder, trainResult);
      return {
        title: `Training on ${result.corpus.name}`,
        view: <TrainView result={result} losses={losses} plan={plan} provenance={provenance} />,
      };
    }
    case 'sweep':
      return { title: `Sweep ${name}`, view: <SweepView result={readResult(folder, sweepResult)} /> };
  }
}
