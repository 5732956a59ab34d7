/**
 * Makes `data/<task>/` from a folder of the original sets, one JSON object a line:
 *
 *     node scripts/make-data.ts FOLDER        (Node 22.18 or later, which runs TypeScript as it is)
 *
 * FOLDER holds `<task>/<split>.jsonl` and a `MANIFEST.json` with the source of each task's files.
 * Only the fields that a template needs are kept; texts stay the same byte for byte. The same input
 * gives the same output.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { permutation } from '../src/task/permutation.ts';

interface Recipe {
  readonly title: string;
  readonly fields: readonly string[];
  readonly train: readonly string[];
  readonly evaluation: string;
  /**
   * Keeps this many evaluation rows, in the order of the seed-1 shuffle, each with its index in the
   * original.
   */
  readonly keepShuffled?: number;
  readonly licence: string;
  readonly notes: readonly string[];
}

interface SourceManifest {
  readonly [task: string]: {
    readonly labels: readonly string[];
    readonly sources: readonly { repo: string; path: string; commit: string; role?: string }[];
  };
}

type OriginalRow = Readonly<Record<string, string | number>>;

const SST_LICENCE =
  'Snippets of Rotten Tomatoes reviews, labelled by Socher et al. 2013: no explicit licence (GLUE says "other"); research use';
const PANG_LEE_LICENCE = 'CC BY 4.0 (Pang and Lee, as the NLTK package states)';

const RECIPES: Readonly<Record<string, Recipe>> = {
  sst2: {
    title: 'SST-2: binary sentiment of film review phrases (Socher et al. 2013; GLUE, Wang et al. 2018)',
    fields: ['text'],
    train: ['train'],
    evaluation: 'validation',
    licence: SST_LICENCE,
    notes: [
      "Texts keep GLUE's single trailing space.",
      'The 67,349 training rows are those of GLUE, in another order: two parts of a re-split put together. A seed picks other rows than in the original order.',
    ],
  },
  sst5: {
    title: 'SST-5: fine-grained sentiment of film review sentences (Socher et al. 2013)',
    fields: ['text'],
    train: ['train'],
    evaluation: 'validation',
    licence: SST_LICENCE,
    notes: ['The official split, as in SetFit/sst5.'],
  },
  mr: {
    title: 'MR: polarity of film review sentences (Pang and Lee 2005)',
    fields: ['text'],
    train: ['train'],
    evaluation: 'validation',
    licence: PANG_LEE_LICENCE,
    notes: [
      'The split of rotten_tomatoes (8,530 / 1,066 / 1,066).',
      'C1 control characters of the original are read as Windows-1252 (ellipsis, quotes, dashes); rotten_tomatoes keeps the raw code points.',
    ],
  },
  subj: {
    title: 'Subj: subjective and objective sentences about films (Pang and Lee 2004)',
    fields: ['text'],
    train: ['train', 'validation'],
    evaluation: 'test',
    licence: PANG_LEE_LICENCE,
    notes: [
      'The training rows are the published 8,000; their published order is not known, so that a seed picks other rows than it did for the paper.',
      'Evaluation: the published 2,000 test rows, believed to be those of SetFit/subj.',
    ],
  },
  agnews: {
    title: 'AG News: topic of news articles (Zhang et al. 2015)',
    fields: ['text'],
    train: ['train'],
    evaluation: 'test',
    keepShuffled: 2000,
    licence:
      'AG corpus: for "research purposes ... and any other non-commercial activity" (readme of Zhang et al. 2015)',
    notes: [
      'Training rows: 8,776 of the 120,000, so that a seed picks other rows than it did for the paper.',
      'Evaluation: of the 7,600 test rows the 2,000 that the seed-1 shuffle keeps, in its order; "row" is the place in the original.',
      'Texts are title + " " + description, with the residue of the corpus (" #39;", " quot;", "\\\\").',
    ],
  },
  cb: {
    title: 'CommitmentBank: three-way entailment (de Marneffe et al. 2019; SuperGLUE, Wang et al. 2019)',
    fields: ['premise', 'hypothesis'],
    train: ['train'],
    evaluation: 'validation',
    licence: 'No single licence given with SuperGLUE (texts from the WSJ, BNC fiction, Switchboard); research use',
    notes: ['Label order as in super_glue.'],
  },
};

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node scripts/make-data.ts FOLDER');
const target = fileURLToPath(new URL('../data/', import.meta.url));
const sources = JSON.parse(readFileSync(join(folder, 'MANIFEST.json'), 'utf8')) as SourceManifest;
for (const [task, recipe] of Object.entries(RECIPES)) make(folder, task, recipe);

function make(from: string, task: string, recipe: Recipe): void {
  const read = (split: string) =>
    readFileSync(join(from, task, `${split}.jsonl`), 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as OriginalRow);
  const keep = (row: OriginalRow) => Object.fromEntries([...recipe.fields, 'label'].map(name => [name, row[name]!]));

  const train = recipe.train.flatMap(read).map(keep);
  const original = read(recipe.evaluation).map(keep);
  const { keepShuffled } = recipe;
  const evaluation =
    keepShuffled === undefined
      ? original
      : permutation(1, original.length)
          .slice(0, keepShuffled)
          .map(row => ({ row, ...original[row]! }));

  const { labels, sources: origins } = sources[task]!;
  const used = [...recipe.train, recipe.evaluation];
  const manifest = {
    task,
    title: recipe.title,
    licence: recipe.licence,
    fields: recipe.fields,
    labels,
    files: {
      train: { ...write(task, 'train', train), order: 'original' },
      evaluation: {
        ...write(task, 'evaluation', evaluation),
        order: keepShuffled === undefined ? 'original' : 'shuffled',
      },
    },
    made: `by scripts/make-data.ts: train = ${recipe.train.join(' followed by ')}, evaluation = ${recipe.evaluation}`,
    notes: recipe.notes,
    sources: origins.filter(({ role = '' }) => {
      const file = /^(\w+)\.jsonl/.exec(role)?.[1];
      return (file === undefined || used.includes(file)) && !role.startsWith('alt_splits');
    }),
  };
  writeFileSync(join(target, task, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

function write(task: string, split: string, rows: readonly object[]) {
  const content = Buffer.from(rows.map(row => `${JSON.stringify(row)}\n`).join(''));
  // No time stamp, and "unknown" for the operating system (byte 9), so that the bytes depend on the
  // content alone.
  const packed = gzipSync(content, { level: 9 });
  packed[9] = 255;
  const file = `${split}.jsonl.gz`;
  mkdirSync(join(target, task), { recursive: true });
  writeFileSync(join(target, task, file), packed);
  return { file, rows: rows.length, bytes: packed.length, sha256: sha256(packed), contentSha256: sha256(content) };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
