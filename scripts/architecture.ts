/**
 * Draws docs/architecture.svg from the imports in `src/`: a box per module, an arrow from each
 * module to those that it imports. An arrow is left out if a longer path shows the same dependency.
 *
 *     npx tsx scripts/architecture.ts
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Edge, Graph, layout } from '@dagrejs/dagre';
import { moduleImports, reachable } from './source-imports.ts';

const BOX = { width: 92, height: 30 };
const file = new URL('../docs/architecture.svg', import.meta.url);

export function drawArchitecture(): string {
  const folders = readdirSync(new URL('../src/', import.meta.url), { withFileTypes: true });
  const modules = folders.flatMap(entry => (entry.isDirectory() ? [entry.name] : [])).sort();
  const graph = new Graph();
  graph.setGraph({ rankdir: 'TB', ranksep: 34, nodesep: 26, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const module of modules) graph.setNode(module, { ...BOX });
  for (const [from, targets] of reducedEdges(moduleImports(modules))) {
    for (const to of targets) graph.setEdge(from, to);
  }
  layout(graph);

  const { width, height } = graph.graph();
  const arrows = graph.edges().map((edge: Edge) => `<path d="${curve(graph.edge(edge).points)}"/>`);
  const boxes = modules.map(module => {
    const { x, y } = graph.node(module);
    const corner = `x="${round(x - BOX.width / 2)}" y="${round(y - BOX.height / 2)}"`;
    return `<rect ${corner} width="${BOX.width}" height="${BOX.height}" rx="5"/><text x="${round(x)}" y="${round(y)}">${module}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width!)} ${round(height!)}" width="${round(width!)}" role="img" aria-label="Modules of src and their imports; every arrow points down">
<style>
  svg { color: #1f2328; --box: #f6f8fa; --line: #656d76; }
  @media (prefers-color-scheme: dark) { svg { color: #e6edf3; --box: #21262d; --line: #8d96a0; } }
  rect { fill: var(--box); stroke: var(--line); }
  path { fill: none; stroke: var(--line); marker-end: url(#head); }
  marker path { fill: var(--line); stroke: none; marker-end: none; }
  text { fill: currentColor; font: 13px system-ui, sans-serif; text-anchor: middle; dominant-baseline: central; }
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>
${[...arrows, ...boxes].join('\n')}
</svg>
`;
}

/** The transitive reduction: without the arrows that a longer path implies. */
function reducedEdges(edges: ReadonlyMap<string, readonly string[]>): [string, string[]][] {
  return [...edges].map(([from, targets]) => {
    const implied = (to: string) => targets.some(other => other !== to && reachable([other], edges).has(to));
    return [from, targets.filter(to => !implied(to))];
  });
}

/** A line through the points with rounded corners. */
function curve(points: readonly { readonly x: number; readonly y: number }[]): string {
  const at = ({ x, y }: { readonly x: number; readonly y: number }) => `${round(x)} ${round(y)}`;
  const [first, ...rest] = points;
  const last = rest.pop()!;
  const bends = rest.map((point, i) => {
    const next = rest[i + 1];
    const end = next === undefined ? last : { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    return `Q${at(point)} ${at(end)}`;
  });
  return `M${at(first!)}${bends.length > 0 ? bends.join('') : `L${at(last)}`}`;
}

function round(x: number): number {
  return Math.round(10 * x) / 10;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, drawArchitecture());
