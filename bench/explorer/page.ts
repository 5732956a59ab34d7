/** @file What the bench reads of Live in a browser. The page itself notes when what it says changes. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Page } from 'playwright-core';

/** Milliseconds since the page was opened. */
export interface Note {
  readonly at: number;
  readonly text: string;
}

/** What happened from a click on Compute until its answer. */
export interface Answered {
  readonly clicked: number;
  /** What Status said. */
  readonly notes: readonly Note[];
  /** When the label probabilities of all settings were there. */
  readonly probabilities: number;
  /** The longest task of the page itself. */
  readonly longestTask: number;
}

/** Runs in the page. */
const WATCH = `(() => {
  const watched = { notes: [], probabilities: 0, longestTask: 0 };
  window.watched = watched;
  let last;
  const look = () => {
    const text = document.querySelector('[role=status][aria-label=Status]')?.textContent ?? '';
    if (text !== last) watched.notes.push({ at: performance.now(), text });
    last = text;
    const filled = document.querySelectorAll('table.probabilities td[data-value]').length;
    if (filled === 6 && watched.probabilities === 0) watched.probabilities = performance.now();
    if (filled < 6) watched.probabilities = 0;
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  new PerformanceObserver(list => {
    for (const { duration } of list.getEntries()) watched.longestTask = Math.max(watched.longestTask, duration);
  }).observe({ type: 'longtask', buffered: true });
})()`;

/** Opens Live with the example of "How to read this". */
export async function openLive(page: Page, address: string): Promise<void> {
  await page.goto(address);
  await page.getByRole('link', { name: 'How to read this' }).click();
  await page.getByRole('link', { name: 'Open the example in Live' }).click();
  await page.getByRole('table', { name: 'Label probabilities' }).waitFor({ state: 'detached' });
  await page.evaluate(WATCH);
}

/** Opens Live where the browser keeps the model. @returns milliseconds from the address to a model that is ready */
export async function revisitLive(page: Page, address: string): Promise<number> {
  await page.goto(address);
  await page.evaluate(WATCH);
  await page.getByRole('link', { name: 'Live', exact: true }).click();
  await page.getByRole('status', { name: 'Status' }).getByText('The model is ready').waitFor();
  const { notes } = await page.evaluate<Pick<Answered, 'notes'>>('structuredClone(watched)');
  return firstNote({ notes }, /^The model is ready/);
}

/** Clicks on Compute and waits for the whole answer. */
export async function compute(page: Page): Promise<Answered> {
  const clicked = await page.evaluate<number>(`(() => {
    watched.notes.length = 0;
    watched.longestTask = 0;
    const clicked = performance.now();
    document.querySelector('button[type=submit]').click();
    return clicked;
  })()`);
  for (;;) {
    const answered = await page.evaluate<Omit<Answered, 'clicked'>>('structuredClone(watched)');
    const status = answered.notes.at(-1)?.text ?? '';
    if (/^Computed in/.test(status)) return { clicked, ...answered };
    if (status !== '' && !/^Computing/.test(status)) throw new Error(status);
    await wait(100);
  }
}

/** When Status first said something. @throws Error when it never did */
export function firstNote({ notes }: Pick<Answered, 'notes'>, text: RegExp): number {
  const found = notes.find(note => text.test(note.text));
  if (found === undefined) throw new Error(`Status never said ${text}: ${notes.map(note => note.text).join('; ')}`);
  return found.at;
}
