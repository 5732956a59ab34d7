import type { Site } from '../../../../src/explore/page-data.ts';

export function StudiesPage(_: { readonly site: Site; readonly chosen?: string | undefined }) {
  return <h1>Studies</h1>;
}
