/**
 * @file Which Parquet files of a data set hold which rows, by file name, as the hub and the Python
 * package datasets write them.
 */
import { closest } from 'fastest-levenshtein';
import { UserError } from '../../error.ts';

/** Files of each split, by configuration. */
export type DatasetTables = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

const DEFAULT_CONFIG = 'default';
const ENDING = '.parquet';
/** `train-00000-of-00002`; older ones have a hash after it. */
const SHARD = /^(.+)-(\d{5})-of-(\d{5})(?:-[0-9a-f]+)?$/;

export function isTable(name: string): boolean {
  return name.endsWith(ENDING);
}

interface Place {
  readonly config: string;
  readonly split: string;
  readonly shard: number;
  /** Number of shards, if the name tells it. */
  readonly of?: number;
}

/**
 * `config/split-00000-of-00002.parquet`, `config/split/0000.parquet` or `config/split.parquet`;
 * `data/` and no folder are the default configuration.
 */
function placeOf(name: string): Place {
  const steps = name.slice(0, -ENDING.length).split('/');
  const last = steps.pop()!;
  const shard = SHARD.exec(last);
  if (shard !== null)
    return { config: configOf(steps), split: shard[1]!, shard: Number(shard[2]), of: Number(shard[3]) };
  if (/^\d+$/.test(last) && steps.length > 0) {
    const split = steps.pop()!;
    return { config: configOf(steps), split, shard: Number(last) };
  }
  return { config: configOf(steps), split: last, shard: 0 };
}

function configOf(folders: readonly string[]): string {
  const [first, ...rest] = folders;
  const named = first === 'data' ? rest : folders;
  return named.length === 0 ? DEFAULT_CONFIG : named.join('/');
}

/**
 * @param what names the data set in messages
 * @throws UserError when a shard of a split is missing, or two files are the same shard
 */
export function datasetTables(names: Iterable<string>, what: string): DatasetTables {
  const places = [...names].filter(isTable).map(name => ({ name, ...placeOf(name) }));
  const tables = new Map<string, Map<string, readonly string[]>>();
  for (const { config, split } of places) {
    if (tables.get(config)?.has(split)) continue;
    const shards = places
      .filter(each => each.config === config && each.split === split)
      .sort((a, b) => a.shard - b.shard);
    const count = shards[0]!.of ?? shards.length;
    if (shards.length !== count || shards.some((each, i) => each.shard !== i && each.of !== undefined)) {
      throw new UserError(
        `${what}: the split "${split}" has ${shards.length} files that are not ${count} whole parts; choose another revision`,
      );
    }
    if (!tables.has(config)) tables.set(config, new Map());
    tables.get(config)!.set(
      split,
      shards.map(({ name }) => name),
    );
  }
  return tables;
}

/**
 * The splits of a configuration: the given one, the only one, or the default.
 *
 * @throws UserError naming the available ones
 */
export function splitsOf(
  tables: DatasetTables,
  config: string | undefined,
  what: string,
): ReadonlyMap<string, readonly string[]> {
  const names = [...tables.keys()];
  const chosen = config ?? (names.length === 1 ? names[0]! : DEFAULT_CONFIG);
  const splits = tables.get(chosen);
  if (splits !== undefined) return splits;
  const there = `there are ${names.join(', ')}`;
  throw new UserError(
    config === undefined
      ? `${what}: has several configurations; name one, as in ${what}:${names[0]} (${there})`
      : `${what}: has no configuration "${config}"; the nearest is "${closest(config, names)}" (${there})`,
  );
}

/** In order of preference. */
const EVALUATION = ['validation', 'valid', 'val', 'dev', 'test'];

/** Files for training and for evaluation. */
export interface DatasetParts {
  readonly train: readonly string[];
  /** Undefined if there are none. */
  readonly evaluation: readonly string[] | undefined;
}

/** @throws UserError naming the available splits */
export function chooseParts(
  splits: ReadonlyMap<string, readonly string[]>,
  wanted: { readonly train: readonly string[] | undefined; readonly evaluation: readonly string[] | undefined },
  what: string,
): DatasetParts {
  const filesOf = (split: string) => {
    const files = splits.get(split);
    if (files !== undefined) return files;
    const names = [...splits.keys()];
    throw new UserError(
      `${what}: has no split "${split}"; the nearest is "${closest(split, names)}" (there are ${names.join(', ')})`,
    );
  };
  const found = EVALUATION.find(name => splits.has(name));
  const evaluation = wanted.evaluation ?? (found === undefined ? undefined : [found]);
  return { train: (wanted.train ?? ['train']).flatMap(filesOf), evaluation: evaluation?.flatMap(filesOf) };
}
