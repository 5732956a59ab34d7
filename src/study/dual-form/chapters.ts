import { attentionHead } from './attention-head.ts';
import type { Chapter } from './chapter.ts';
import { implicitUpdates } from './implicit-update.ts';
import { inContextRegression } from './in-context-regression.ts';
import { linearLayer } from './linear-layer.ts';
import type { ChapterNumber } from './options.ts';
import { softmaxKernel } from './softmax-kernel.ts';

/** The chapters of docs/theory.md. */
export const chapters: Readonly<Record<ChapterNumber, Chapter>> = {
  1: linearLayer,
  2: attentionHead,
  3: inContextRegression,
  4: implicitUpdates,
  5: softmaxKernel,
};
