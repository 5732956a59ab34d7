import type { Site } from '../../../../src/explore/page-data.ts';

export function ReadPage(_: { readonly site: Site; readonly chosen?: string | undefined }) {
  return <h1>How to read this</h1>;
}
