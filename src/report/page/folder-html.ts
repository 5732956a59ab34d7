import { render } from 'preact-render-to-string';
import type { FolderData } from '../folder-data.ts';
import { showFolder } from '../folder-view.tsx';
import { visibleData } from './visible-text.ts';

/**
 * The view of a folder as HTML without a page around it, which needs `VIEW_STYLE`.
 *
 * @throws UserError when it is not finished, or damaged
 */
export function folderHtml(folder: FolderData): string {
  return render(showFolder(visibleData(folder)).view);
}
