import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import { chance, draw, pick } from './format.ts';
import { mutateBytes } from './mutate-bytes.ts';

/**
 * JSON whose objects may repeat a key, and whose leaves are texts, so that `1e999` and `-0` are
 * possible.
 */
type Tree =
  | { readonly kind: 'object'; entries: [key: string, value: Tree][] }
  | { readonly kind: 'list'; items: Tree[] }
  | { readonly kind: 'leaf'; text: string };

const leaf = (text: string): Tree => ({ kind: 'leaf', text });

function parse(json: unknown): Tree {
  if (Array.isArray(json)) return { kind: 'list', items: json.map(parse) };
  if (typeof json !== 'object' || json === null) return leaf(JSON.stringify(json));
  return { kind: 'object', entries: Object.entries(json).map(([key, value]) => [key, parse(value)]) };
}

function write(tree: Tree): string {
  if (tree.kind === 'leaf') return tree.text;
  if (tree.kind === 'list') return `[${tree.items.map(write).join(',')}]`;
  return `{${tree.entries.map(([key, value]) => `${JSON.stringify(key)}:${write(value)}`).join(',')}}`;
}

const NUMBERS = ['0', '-0', '-1', '1', '2', '0.5', '1e3', '1e999', '-1e999', '1e-999', '3.0', '65536', '2147483648'];
const LARGE = [
  '4294967296',
  '9007199254740991',
  '9007199254740993',
  '18446744073709551615',
  '1e30',
  '123456789012345678901',
];
const WORDS = [
  'null',
  'true',
  'false',
  '{}',
  '[]',
  '""',
  '"a"',
  '" "',
  '"\\u0000"',
  '"\\ud800"',
  '"\\n"',
  '"1"',
  '"__proto__"',
];
const BROKEN = [
  'NaN',
  'Infinity',
  '01',
  '+1',
  '.5',
  "'a'",
  'undefined',
  '"\\x"',
  '"',
  '[',
  '{',
  '[1,]',
  '{"a":1,}',
  '/**/1',
];
const KEYS = ['__proto__', 'constructor', 'toString', 'length', '', '0', '\u0000', '\ud800', 'a b', '__metadata__'];

/** Every place of the tree: functions to read, write and remove it. */
interface Place {
  readonly tree: Tree;
  readonly set: (tree: Tree) => void;
  readonly remove: () => void;
}

function places(tree: Tree, found: Place[] = []): Place[] {
  if (tree.kind === 'list') {
    tree.items.forEach((item, i) => {
      found.push({ tree: item, set: other => (tree.items[i] = other), remove: () => tree.items.splice(i, 1) });
      places(item, found);
    });
  } else if (tree.kind === 'object') {
    tree.entries.forEach((entry, i) => {
      found.push({ tree: entry[1], set: other => (entry[1] = other), remove: () => tree.entries.splice(i, 1) });
      places(entry[1], found);
    });
  }
  return found;
}

function strangeValue(random: RandomGenerator): Tree {
  const kind = draw(random, 12);
  if (kind < 5) return leaf(pick(random, NUMBERS));
  if (kind < 7) return leaf(pick(random, LARGE));
  if (kind < 10) return leaf(pick(random, WORDS));
  if (kind === 10)
    return leaf(chance(random, 4) ? pick(random, BROKEN) : JSON.stringify('x'.repeat(draw(random, 5000))));
  const depth = pick(random, [3, 40, 2000, 20_000]);
  return leaf(
    chance(random, 2) ? `${'['.repeat(depth)}${']'.repeat(depth)}` : `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`,
  );
}

function stringOf(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A leaf changed a little: a number or text near it. */
function near(text: string, random: RandomGenerator): string {
  const number = Number(text);
  if (text !== '' && Number.isFinite(number)) {
    return String(pick(random, [number + 1, number - 1, -number, number * 2, number / 2, number + 0.5]));
  }
  const value = stringOf(text);
  if (value !== undefined) {
    return JSON.stringify(
      pick(random, [value.slice(1), `${value}x`, value.toUpperCase(), ` ${value}`, value + value, `${value}\u0301`]),
    );
  }
  return pick(random, ['true', 'false', 'null']);
}

function change(root: Tree, random: RandomGenerator): void {
  const all = places(root);
  if (all.length === 0) return;
  const { tree, set, remove } = pick(random, all);
  switch (draw(random, 9)) {
    case 0:
      remove();
      break;
    case 1:
    case 2:
      set(strangeValue(random));
      break;
    case 3:
    case 4:
      set(tree.kind === 'leaf' ? leaf(near(tree.text, random)) : strangeValue(random));
      break;
    case 5:
      // A copy, so that the tree stays a tree.
      set(leaf(write(pick(random, all).tree)));
      break;
    case 6: {
      const objects = all.flatMap(place => (place.tree.kind === 'object' ? [place.tree] : []));
      const object = pick(random, root.kind === 'object' ? [...objects, root] : objects);
      if (object === undefined || object.entries.length === 0) break;
      const [key, value] = pick(random, object.entries);
      // Twice the same key, or another one.
      object.entries.push([
        chance(random, 2) ? key : pick(random, KEYS),
        leaf(write(chance(random, 2) ? value : strangeValue(random))),
      ]);
      break;
    }
    case 7:
      if (tree.kind === 'list') tree.items.splice(draw(random, tree.items.length + 1), 0, strangeValue(random));
      else if (tree.kind === 'object' && tree.entries.length > 0) pick(random, tree.entries)[0] = pick(random, KEYS);
      break;
    default:
      if (tree.kind === 'list') tree.items.reverse();
      else if (tree.kind === 'object') tree.entries.reverse();
  }
}

/** One to three changes of the tree of a JSON text; then possibly changes of its bytes. */
export function mutateJson(json: unknown, random: RandomGenerator): Buffer {
  const root = parse(json);
  for (let changes = 1 + draw(random, 3); changes > 0; changes--) change(root, random);
  const text = Buffer.from(write(root));
  return chance(random, 5) ? mutateBytes(text, random) : text;
}
