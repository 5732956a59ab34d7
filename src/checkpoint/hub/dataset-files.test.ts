import { describe, expect, test } from 'vitest';
import { chooseParts, datasetTables, splitsOf } from './dataset-files.ts';

const plain = (names: readonly string[]) =>
  Object.fromEntries(
    [...datasetTables(names, 'hf:o/n')].map(([config, splits]) => [config, Object.fromEntries(splits)]),
  );
const any = { train: undefined, evaluation: undefined };

describe('names of files say configuration and split', () => {
  test.each<[string, string[], Record<string, Record<string, string[]>>]>([
    [
      'shards below data/',
      [
        'data/train-00001-of-00002.parquet',
        'data/train-00000-of-00002.parquet',
        'data/test-00000-of-00001.parquet',
        'README.md',
      ],
      {
        default: {
          train: ['data/train-00000-of-00002.parquet', 'data/train-00001-of-00002.parquet'],
          test: ['data/test-00000-of-00001.parquet'],
        },
      },
    ],
    [
      'with a hash, as formerly',
      ['data/train-00000-of-00001-b42a775f407cee45.parquet'],
      { default: { train: ['data/train-00000-of-00001-b42a775f407cee45.parquet'] } },
    ],
    [
      'configurations as folders',
      ['sst2/train-00000-of-00001.parquet', 'cola/train-00000-of-00001.parquet', 'data/en/dev-00000-of-00001.parquet'],
      {
        sst2: { train: ['sst2/train-00000-of-00001.parquet'] },
        cola: { train: ['cola/train-00000-of-00001.parquet'] },
        en: { dev: ['data/en/dev-00000-of-00001.parquet'] },
      },
    ],
    [
      'as the hub converts',
      ['default/train/0000.parquet', 'default/train/0001.parquet', 'default/test/0000.parquet'],
      {
        default: {
          train: ['default/train/0000.parquet', 'default/train/0001.parquet'],
          test: ['default/test/0000.parquet'],
        },
      },
    ],
    [
      'one file a split',
      ['train.parquet', 'test.parquet'],
      { default: { train: ['train.parquet'], test: ['test.parquet'] } },
    ],
  ])('%s', (_, names, tables) => {
    expect(plain(names)).toEqual(tables);
  });

  test.each([
    [['train-00000-of-00002.parquet']],
    [['train-00000-of-00002.parquet', 'data/train-00000-of-00002.parquet']],
    [['train-00001-of-00002.parquet', 'train-00002-of-00002.parquet']],
  ])('a split that is not whole is refused: %j', names => {
    expect(() => datasetTables(names, 'hf:o/n')).toThrow(
      /hf:o\/n: the split "train" has \d files that are not 2 whole parts/,
    );
  });
});

test('the configuration is the only one, the default, or the one that is named', () => {
  const tables = datasetTables(['a/train.parquet', 'b/train.parquet'], 'hf:o/n');
  expect(() => splitsOf(tables, undefined, 'hf:o/n')).toThrow(
    'hf:o/n: has several configurations; name one, as in hf:o/n:a (there are a, b)',
  );
  expect(() => splitsOf(tables, 'bb', 'hf:o/n')).toThrow(
    'has no configuration "bb"; the nearest is "b" (there are a, b)',
  );
  expect(splitsOf(tables, 'b', 'hf:o/n').get('train')).toEqual(['b/train.parquet']);
  expect(splitsOf(datasetTables(['a/train.parquet'], ''), undefined, '').get('train')).toEqual(['a/train.parquet']);
  const withDefault = datasetTables(['a/train.parquet', 'train.parquet'], '');
  expect(splitsOf(withDefault, undefined, '').get('train')).toEqual(['train.parquet']);
});

test('evaluation rows are those of the validation split, else of test, else none', () => {
  const splits = new Map(['train', 'test', 'validation'].map(name => [name, [name]]));
  expect(chooseParts(splits, any, 'x')).toEqual({ train: ['train'], evaluation: ['validation'] });
  splits.delete('validation');
  expect(chooseParts(splits, any, 'x')).toEqual({ train: ['train'], evaluation: ['test'] });
  expect(chooseParts(splits, { train: ['train', 'test'], evaluation: ['test'] }, 'x').train).toEqual(['train', 'test']);
  splits.delete('test');
  expect(chooseParts(splits, any, 'x')).toEqual({ train: ['train'], evaluation: undefined });
  expect(() => chooseParts(splits, { ...any, train: ['tain'] }, 'x')).toThrow(
    'x: has no split "tain"; the nearest is "train" (there are train)',
  );
});
