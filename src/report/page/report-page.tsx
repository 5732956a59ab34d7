import { render } from 'preact-render-to-string';
import type { FolderData } from '../folder-data.ts';
import { showFolder } from '../folder-view.tsx';
import { enhance } from './enhance.ts';
import { PAGE_STYLE } from './page-style.ts';
import { scriptJson, visibleData, visibleText } from './visible-text.ts';

/** What the `<script>` of a report holds. */
interface ReportData {
  readonly schema: 'dualform.report/1';
  readonly folders: readonly FolderData[];
}

/** tsx names every function by a helper, also in the text of a function. */
const SCRIPT = `const __name=f=>f;(${String(enhance)})(document)`;

/**
 * One HTML file that shows folders: no request to any host, tables and figures without JavaScript.
 *
 * @throws UserError when a folder is not finished, or damaged
 */
export async function reportPage(folders: readonly FolderData[]): Promise<string> {
  const shown = folders.map(folder => ({
    ...showFolder(visibleData(folder)),
    kind: folder.kind,
    name: visibleText(folder.name),
  }));
  const title =
    shown.length === 1 ? shown[0]!.title : `${shown.length} folders: ${shown.map(each => each.title).join('; ')}`;
  const data: ReportData = { schema: 'dualform.report/1', folders: folders.map(dataOf) };
  const policy = [
    "default-src 'none'",
    `style-src '${await hashOf(PAGE_STYLE)}'`,
    `script-src '${await hashOf(SCRIPT)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const page = render(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content={policy} />
        <meta name="viewport" content="width=device-width,initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <title>{`${title} – dualform`}</title>
        <style dangerouslySetInnerHTML={{ __html: PAGE_STYLE }} />
      </head>
      <body class="view">
        <main>
          <h1>{shown.length === 1 ? title : `${shown.length} folders`}</h1>
          {shown.length > 1 && (
            <nav aria-label="Folders">
              <ul>
                {shown.map((each, i) => (
                  <li>
                    <a href={`#folder-${i}`}>
                      {each.kind}: {each.title}
                    </a>
                  </li>
                ))}
              </ul>
            </nav>
          )}
          <div class="tools" hidden>
            <button type="button" data-save="json">
              Save the data as JSON
            </button>
          </div>
          {shown.map((each, i) => (
            <section id={`folder-${i}`} aria-label={`${each.kind} ${i + 1}: ${each.title}`}>
              <h2>{shown.length > 1 ? each.title : `${each.kind}: ${each.name}`}</h2>
              {each.view}
            </section>
          ))}
        </main>
        <script type="application/json" id="dualform-data" dangerouslySetInnerHTML={{ __html: scriptJson(data) }} />
        <script dangerouslySetInnerHTML={{ __html: SCRIPT }} />
      </body>
    </html>,
  );
  return `<!doctype html>\n${page}\n`;
}

/** The similarities of every layer of every row are large, and in the folder. */
function dataOf({ metrics: _, ...folder }: FolderData): FolderData {
  return folder;
}

/** As a content security policy names it. */
async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return `sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
}
