/** @file The imports between the files of `src/`, read from their text. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../src/', import.meta.url));

export interface SourceImport {
  /** The importing file, below `src/`, with forward slashes. */
  readonly file: string;
  /** As written: a path or a package. */
  readonly from: string;
  /** The imported file, below `src/`; undefined for a package. */
  readonly target: string | undefined;
  /** `import type` and `export type` load nothing at run time. */
  readonly typeOnly: boolean;
}

/** Every file of TypeScript in `src/` but the tests, sorted. */
export function sourceFiles(): string[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .map(file => file.split(path.sep).join('/'))
    .filter(file => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file))
    .sort();
}

export function sourceImports(): SourceImport[] {
  return sourceFiles().flatMap(file => importsIn(file, readFileSync(path.join(src, file), 'utf8')));
}

/** Static imports, re-exports, and dynamic imports of a literal. */
const IMPORT =
  /^(?:import|export)\b(\s+type\b)?[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;

export function importsIn(file: string, text: string): SourceImport[] {
  return [...text.matchAll(IMPORT)].map(([, type, named, bare, dynamic]) => {
    const from = (named ?? bare ?? dynamic)!;
    const target = from.startsWith('.') ? path.posix.join(path.posix.dirname(file), from) : undefined;
    return { file, from, target, typeOnly: type !== undefined };
  });
}

/** The first folder of a file below `src/`; undefined for the files directly in `src/`. */
export function moduleOf(file: string): string | undefined {
  return file.includes('/') ? file.split('/')[0] : undefined;
}

/** The other modules that each module imports, in the order of `modules`. */
export function moduleImports(modules: readonly string[]): Map<string, string[]> {
  const imports = sourceImports();
  const importedBy = (module: string) => {
    const own = imports.filter(({ file }) => moduleOf(file) === module);
    return new Set(own.map(({ target }) => (target === undefined ? undefined : moduleOf(target))));
  };
  return new Map(
    modules.map(module => {
      const targets = importedBy(module);
      return [module, modules.filter(other => other !== module && targets.has(other))];
    }),
  );
}

/** Everything that `starts` reach over `edges`, themselves included. */
export function reachable(starts: readonly string[], edges: ReadonlyMap<string, readonly string[]>): Set<string> {
  const seen = new Set<string>();
  const open = [...starts];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    open.push(...(edges.get(next) ?? []));
  }
  return seen;
}

/**
 * The strongly connected components of more than one file: files that import each other, directly
 * or over others.
 */
export function importCircles(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const reached = new Map([...edges].map(([file, targets]) => [file, reachable(targets, edges)]));
  const circles = [...edges.keys()].map(file =>
    [...reached.get(file)!].filter(other => reached.get(other)?.has(file)).sort(),
  );
  const distinct = new Map(circles.filter(circle => circle.length > 0).map(circle => [circle.join(), circle]));
  return [...distinct.values()].sort(([a], [b]) => (a! < b! ? -1 : 1));
}

/** The files that each file imports. */
export function fileEdges(imports: readonly SourceImport[]): Map<string, string[]> {
  const edges = new Map(sourceFiles().map(file => [file, [] as string[]]));
  for (const { file, target } of imports) {
    if (target !== undefined) edges.get(file)!.push(target);
  }
  return edges;
}
