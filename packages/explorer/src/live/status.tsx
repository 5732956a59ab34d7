import type { PageModel } from '../../../../src/explore/page-data.ts';
import type { Activity } from './use-live.ts';

/** Where the headers are missing that threads of WebAssembly need. */
const SLOWER = crossOriginIsolated
  ? ''
  : ' The host of this page does not allow threads (docs/explorer.md names the headers), so Live computes on one, which is slower.';

/** What is going on, in words. */
export function StatusLine({ activity, model }: { readonly activity: Activity; readonly model: PageModel }) {
  return (
    <div role="status" aria-label="Status" class={`status ${activity.kind}`}>
      {textOf(activity, model)}
      {activity.kind === 'computing' && activity.progress !== undefined && activity.progress.total > 0 && (
        <progress
          aria-label="Progress"
          value={activity.progress.done}
          max={Math.max(activity.progress.total, activity.progress.done)}
        />
      )}
    </div>
  );
}

function textOf(activity: Activity, { name, files }: PageModel): string {
  switch (activity.kind) {
    case 'idle': {
      if (files.kind === 'none') return `${name}: ${files.why}. Compute on this machine.`;
      const bytes =
        files.kind === 'gguf' ? files.weights.bytes : files.weights.reduce((sum, file) => sum + file.bytes, 0);
      return `The model is ${name}. The browser fetches ${Math.max(1, Math.round(bytes / 1e6))} MB once.${SLOWER}`;
    }
    case 'ready':
      return `The model is ready: ${name}.${SLOWER}`;
    case 'computing': {
      const { progress } = activity;
      if (progress === undefined) return 'Computing…';
      const { stage, done, total } = progress;
      return total > 1 ? `Computing: ${stage} (${Math.round((100 * done) / total)} %)` : `Computing: ${stage}`;
    }
    case 'done':
      return `Computed in ${activity.seconds.toFixed(1)} s ${activity.where}.`;
    case 'failed':
      return activity.message;
  }
}
