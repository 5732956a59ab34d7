import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatRun } from '../../../src/cli/run/view.ts';
import type { Json } from '../../../src/files/canonical-json.ts';
import { readFinished } from '../../../src/files/run-folder.ts';
import { prepare } from '../../../src/run/prepare.ts';
import { readProvenance, timedStages } from '../../../src/run/provenance.ts';
import { type ExperimentResult, foldResult } from '../../../src/run/result.ts';
import { runExperiment } from '../../../src/run/run.ts';
import { openStore } from '../../../src/run/store.ts';
import { tinyRun } from '../../run/tiny.ts';
import { format, pick } from '../format.ts';
import { mutateLines } from '../mutate-bytes.ts';
import { mutateJson } from '../mutate-json.ts';

const FILES = [
  'plan.json',
  'tokens.jsonl',
  'examples.jsonl',
  'metrics.jsonl',
  'result.json',
  '.result.sha256',
  'provenance.json',
] as const;
type Name = (typeof FILES)[number];

/** A whole run of the tiny model, once for the process. */
const run = await (async () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'dualform-fuzzed-run-')), 'run');
  const { threads, ...wishes } = tinyRun;
  const options = { ...wishes, limit: 4 };
  try {
    const { result } = await runExperiment({ ...options, threads, out: folder });
    const { plan, decoder } = await prepare(options, {});
    const { finetuning } = result;
    const files = Object.fromEntries(FILES.map(name => [name, readFileSync(join(folder, name))])) as Record<
      Name,
      Buffer
    >;
    return { files, plan, decoder, finetuning };
  } finally {
    rmSync(join(folder, '..'), { recursive: true, force: true });
  }
})();

const lines = (name: Name) => run.files[name].toString('utf8').trimEnd().split('\n');
const STRANGE = [
  '',
  '{}',
  'null',
  '[]',
  '{"index":0}',
  '{"index":0,"setting":"zero-shot"}',
  '{"index":1e999}',
  '"\\ud800"',
  '{',
];

async function read(bytes: Buffer, scratch: string) {
  const folder = join(scratch, 'run');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const cut = bytes.indexOf(0x0a);
  const changed = bytes.toString('utf8', 0, cut) as Name;
  for (const name of FILES) {
    // An unfinished run continues from its records.
    if (name === 'result.json' && changed.endsWith('.jsonl')) continue;
    writeFileSync(join(folder, name), name === changed ? bytes.subarray(cut + 1) : run.files[name]);
  }
  const finished = await readFinished(folder, run.plan as unknown as Json);
  if (finished !== undefined) {
    readProvenance(timedStages, finished.provenance);
    const result = finished.result as unknown as ExperimentResult;
    return { result, text: formatRun(result) };
  }
  const store = await openStore(folder, run.plan, []);
  try {
    const records = await store.records();
    if (store.storedExamples() > run.plan.examples) throw new Error(`${store.storedExamples()} examples are stored`);
    if (store.storedExamples() === 0) return {};
    const settings = { losses: run.finetuning.losses, steady: run.finetuning.steady };
    return { result: foldResult(run.plan, '', run.decoder, settings, records), records };
  } finally {
    await store.close();
  }
}

/** The same types in the same places; lists may have other lengths. */
function sameShape(value: unknown, sound: unknown, path: string): void {
  const kind = (x: unknown) => (Array.isArray(x) ? 'list' : x === null ? 'number' : typeof x);
  if (kind(value) !== kind(sound)) throw new Error(`${path} is ${JSON.stringify(value)}`);
  if (typeof sound !== 'object' || sound === null || Array.isArray(sound)) return;
  for (const [key, part] of Object.entries(sound)) {
    const found = (value as Record<string, unknown>)[key];
    // A metric that an example does not have is left out.
    if (found !== undefined || !Array.isArray(part)) sameShape(found, part, `${path}.${key}`);
  }
}

/** The name of the damaged file, then its content. */
export const runFolder = format({
  name: 'run folder',
  mutant: random => {
    const name = pick(
      random,
      FILES.filter(file => file !== '.result.sha256'),
    );
    let content: Buffer;
    if (name.endsWith('.json')) content = mutateJson(JSON.parse(run.files[name].toString('utf8')), random);
    else if (pick(random, [true, false])) content = mutateLines(run.files[name], random, STRANGE);
    else {
      const all = lines(name);
      const at = pick(random, [...all.keys()]);
      content = Buffer.from(
        `${all.with(at, mutateJson(JSON.parse(all[at]!), random).toString('latin1')).join('\n')}\n`,
        'latin1',
      );
    }
    return Buffer.concat([Buffer.from(`${name}\n`), content]);
  },
  read,
  strict: (_, { result, records }) => {
    if (result !== undefined && records === undefined)
      sameShape(result, JSON.parse(run.files['result.json'].toString('utf8')), 'result');
    const [example, metric] = [lines('examples.jsonl')[0]!, lines('metrics.jsonl')[0]!].map(
      text => JSON.parse(text) as unknown,
    );
    for (const record of records?.examples ?? []) sameShape(record, example, 'record');
    for (const record of records?.metrics ?? []) sameShape(record, metric, 'record');
  },
});
