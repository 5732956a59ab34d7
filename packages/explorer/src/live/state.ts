/** @file The state of Live as its fields hold it, and as the address holds it. */
export interface LiveState {
  /** One a line: text, a tab, a label word. */
  readonly demonstrations: string;
  /** Separated by commas. */
  readonly labels: string;
  readonly query: string;
  readonly learningRate: string;
  readonly place: 'browser' | 'machine';
  /** What the demonstrations were taken from. */
  readonly task: string;
  readonly seed: string;
  readonly shots: string;
}

export const EMPTY: LiveState = {
  demonstrations: '',
  labels: '',
  query: '',
  learningRate: '0.001',
  place: 'browser',
  task: 'sst2',
  seed: '',
  shots: '8',
};

const KEYS = Object.keys(EMPTY) as (keyof LiveState)[];

/** The state in an address; what is not there is as in `EMPTY`. */
export function readState(parameters: URLSearchParams): LiveState {
  const found = KEYS.flatMap(key => {
    const value = parameters.get(key);
    return value === null ? [] : [[key, value]];
  });
  const state = { ...EMPTY, ...Object.fromEntries(found) } as LiveState;
  return { ...state, place: state.place === 'machine' ? 'machine' : 'browser' };
}

export function writeState(state: LiveState): URLSearchParams {
  return new URLSearchParams(KEYS.filter(key => state[key] !== EMPTY[key]).map(key => [key, state[key]]));
}
