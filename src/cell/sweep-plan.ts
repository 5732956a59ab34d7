/** @file The plan of a sweep: which options every cell has, and which take several values. */
import { closest } from 'fastest-levenshtein';
import { z } from 'zod';
import { UserError } from '../error.ts';
import { canonicalJson, isObject, type Json } from '../files/canonical-json.ts';
import { optionsJsonSchema } from '../options.ts';
import { type Cell, type CellOptions, nameOfCell } from './cell.ts';
import type { Kinds, SweepKind } from './kind.ts';

/** `sweep.json`. */
export type SweepPlan = {
  readonly command: string;
  /** Options of every cell. */
  readonly base: CellOptions;
  /** Options with several values: a cell for each combination, the last option changing fastest. */
  readonly grid: { readonly [option: string]: readonly Json[] };
  /** Combinations that are left out: those with all the values of an entry. */
  readonly exclude: readonly CellOptions[];
};

/** What a sweep computes, in the order of its plan. */
export interface Sweep {
  readonly plan: SweepPlan;
  readonly kind: SweepKind;
  readonly cells: readonly Cell[];
}

/** `$schema` is for editors. */
const KEYS = ['command', 'base', 'grid', 'exclude', '$schema'];

/** @param name of the plan, for messages */
export function readSweep(name: string, json: Json, kinds: Kinds<SweepKind>): Sweep {
  const fault = (reason: string, remedy?: string) => new UserError(`${name}: ${reason}`, { option: 'plan', remedy });
  if (!isObject(json)) throw fault('the plan must be a JSON object');
  const unknown = Object.keys(json).find(key => !KEYS.includes(key));
  if (unknown !== undefined) throw fault(`unknown key ${unknown}`, `did you mean ${closest(unknown, KEYS)}?`);
  const { command, base = {}, grid = {}, exclude = [] } = json;
  const names = [...kinds.keys()];
  if (typeof command !== 'string') throw fault(`command is required: one of ${names.join(', ')}`);
  const kind = kinds.get(command);
  if (kind === undefined) {
    throw fault(`command ${command}: unknown name`, `did you mean ${closest(command, names)}? (${names.join(', ')})`);
  }
  if (!isObject(base)) throw fault('base must be an object with options');
  if (!isObject(grid)) throw fault('grid must be an object with a list of values for each option');
  for (const [key, values] of Object.entries(grid)) {
    if (!Array.isArray(values) || values.length === 0)
      throw fault(`grid.${key} must be a list with at least one value`);
    if (key in base) throw fault(`${key} is in base and in grid`, 'remove one of them');
    const seen = new Set<string>();
    for (const value of values.map(canonicalJson)) {
      if (seen.has(value)) throw fault(`grid.${key} has ${value} twice`);
      seen.add(value);
    }
  }
  const options = [...Object.keys(base), ...Object.keys(grid)];
  if (!Array.isArray(exclude) || !exclude.every(isObject)) throw fault('exclude must be a list of objects');
  for (const key of exclude.flatMap(entry => Object.keys(entry))) {
    if (options.includes(key)) continue;
    throw fault(`exclude names ${key}, which is neither in base nor in grid`);
  }
  const plan = { command, base, grid, exclude } as SweepPlan;
  const cells = cellsOf(plan, kind);
  if (cells.length === 0) throw fault('every cell is excluded');
  for (const [i, cell] of cells.entries()) {
    try {
      kind.check(cell.options);
    } catch (error) {
      if (error instanceof UserError)
        throw fault(`cell ${i + 1} of ${cells.length} (${describe(cell, plan)}): ${error.message}`);
      throw error;
    }
  }
  return { plan, kind, cells };
}

/** Every combination that is not excluded, in order. */
function cellsOf({ base, grid, exclude }: SweepPlan, { name, schema }: SweepKind): readonly Cell[] {
  let combinations: readonly CellOptions[] = [base];
  for (const [key, values] of Object.entries(grid)) {
    combinations = combinations.flatMap(options => values.map(value => ({ ...options, [key]: value })));
  }
  return combinations
    .filter(options => !exclude.some(entry => matches(options, entry)))
    .map(options => ({ kind: name, options, schema }));
}

function matches(options: CellOptions, entry: CellOptions): boolean {
  return Object.entries(entry).every(([key, value]) => same(options[key]!, value));
}

function same(a: Json, b: Json): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

/** The options by which a cell differs from the others, for messages: `task mr, seed 2`. */
export function describe(cell: Cell, { grid }: Pick<SweepPlan, 'grid'>): string {
  const varied = Object.keys(grid).map(key => {
    const value = cell.options[key]!;
    return `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`;
  });
  return varied.length === 0 ? nameOfCell(cell) : varied.join(', ');
}

/** The JSON Schema (draft 2020-12) of a plan. */
export function sweepJsonSchema(kinds: Kinds<SweepKind>): Json {
  const oneCommand = ({ name, shape }: SweepKind) => {
    const { properties = {} } = optionsJsonSchema(shape);
    const object = (values: object) => ({ type: 'object', properties: values, additionalProperties: false });
    const lists = Object.entries(properties).map(([key, items]) => [key, { type: 'array', items, minItems: 1 }]);
    return {
      ...object({
        $schema: { type: 'string' },
        command: { const: name },
        base: object(properties),
        grid: object(Object.fromEntries(lists)),
        exclude: { type: 'array', items: object(properties) },
      }),
      required: ['command'],
    };
  };
  return {
    $schema: z.toJSONSchema(z.null()).$schema!,
    title: 'dualform sweep',
    oneOf: [...kinds.values()].map(oneCommand) as unknown as Json,
  };
}
