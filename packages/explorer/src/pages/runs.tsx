import type { Site } from '../../../../src/explore/page-data.ts';

export function RunsPage(_: { readonly site: Site; readonly chosen?: string | undefined }) {
  return <h1>Runs</h1>;
}
