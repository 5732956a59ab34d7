import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { LiveAnswer, LiveProgress } from '../../../../src/explore/live/answer.ts';
import type { LiveRequest } from '../../../../src/explore/live/request.ts';
import type { LiveEvent } from '../../../../src/explore/live/wire.ts';
import type { PageModel } from '../../../../src/explore/page-data.ts';
import { browserComputer, machineComputer } from './computer.ts';

/** An answer, whole or growing, and the label words of its columns. */
export interface Shown {
  readonly labels: readonly string[];
  readonly answer: LiveAnswer;
}

/** What Live is doing. */
export type Activity =
  | { readonly kind: 'idle' }
  /** The model is open. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'computing'; readonly progress: LiveProgress | undefined }
  | { readonly kind: 'done'; readonly seconds: number; readonly where: string }
  | { readonly kind: 'failed'; readonly message: string };

export interface Live {
  readonly activity: Activity;
  readonly shown: Shown | undefined;
  /** The last whole answer before. */
  readonly ghost: Shown | undefined;
  /** Computes the request that `ask` makes; what was computed before is cancelled. */
  readonly compute: (ask: () => Promise<LiveRequest>, place: 'browser' | 'machine') => void;
  readonly cancel: () => void;
  readonly fail: (message: string) => void;
}

const NOTHING: LiveAnswer = { settings: [], losses: [] };

/** @param place where the page computes when it is shown */
export function useLive(model: PageModel, place: 'browser' | 'machine'): Live {
  const [activity, setActivity] = useState<Activity>({ kind: 'idle' });
  const [shown, setShown] = useState<Shown>();
  const [ghost, setGhost] = useState<Shown>();
  const whole = useRef<Shown>(undefined);
  const computers = useMemo(
    () => ({ browser: browserComputer(model, deviceWish()), machine: machineComputer() }),
    [model],
  );
  const call = useRef(0);
  const cancelAll = () => {
    call.current++;
    computers.browser.cancel();
    computers.machine.cancel();
  };
  useEffect(() => cancelAll, [computers]);
  useEffect(() => {
    if (place === 'machine') return;
    computers.browser.prepare(() => setActivity(now => (now.kind === 'idle' ? { kind: 'ready' } : now)));
  }, [computers]);

  const fail = (message: string) => {
    cancelAll();
    setActivity({ kind: 'failed', message });
  };
  const compute: Live['compute'] = (ask, place) => {
    cancelAll();
    const own = call.current;
    const isOwn = () => own === call.current;
    setActivity({ kind: 'computing', progress: { stage: 'reading the rows of the task', done: 0, total: 1 } });
    ask().then(
      request => isOwn() && start(request, place),
      (error: Error) => isOwn() && fail(error.message),
    );
  };
  const start = (request: LiveRequest, place: 'browser' | 'machine') => {
    setGhost(whole.current);
    let now: Shown = { labels: request.labels, answer: NOTHING };
    setShown(now);
    setActivity({ kind: 'computing', progress: undefined });
    computers[place].compute(request, (event: LiveEvent) => {
      switch (event.kind) {
        case 'progress':
          return setActivity({ kind: 'computing', progress: event });
        case 'part':
          now = { ...now, answer: { ...now.answer, ...event.answer } };
          return setShown(now);
        case 'done':
          whole.current = now;
          return setActivity({ kind: 'done', seconds: event.seconds, where: whereText(place, event) });
        case 'failed':
          return setActivity(event);
      }
    });
  };
  return {
    activity,
    shown,
    ghost,
    compute,
    cancel: () => {
      cancelAll();
      setActivity({ kind: 'failed', message: 'Cancelled.' });
    },
    fail,
  };
}

function whereText(place: 'browser' | 'machine', { device, threads }: Extract<LiveEvent, { kind: 'done' }>): string {
  const name = { wasm: 'WebAssembly', webgpu: 'WebGPU', cpu: 'the processor' }[device] ?? device;
  const count = device === 'webgpu' ? '' : ` with ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  return `${place === 'browser' ? 'in this browser' : 'on this machine'}, on ${name}${count}`;
}

/** WebAssembly unless the address asks for WebGPU. */
function deviceWish(): 'wasm' | 'webgpu' {
  return new URLSearchParams(location.search).get('device') === 'webgpu' ? 'webgpu' : 'wasm';
}
