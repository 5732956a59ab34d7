/** @file What the page reads besides its own files. */
import type { FolderKind } from '../report/folder-data.ts';
import type { SettingName } from '../setting/setting-name.ts';

/** `data/site.json`, the first document that the page reads. */
export interface Site {
  readonly version: string;
  /** Whether a server answers, which can compute too. */
  readonly server: boolean;
  readonly model: PageModel;
}

/** A file that the page fetches. */
export interface PageFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

/** The model of the page: what it is, and where its bytes are. */
export interface PageModel {
  readonly name: string;
  /** SHA-256 of the weights. */
  readonly digest: string;
  readonly licence?: string;
  readonly source?: string;
  readonly files:
    | { readonly kind: 'gguf'; readonly weights: PageFile }
    | {
        readonly kind: 'safetensors';
        readonly config: Readonly<Record<string, unknown>>;
        readonly weights: readonly PageFile[];
        readonly tokenizer: PageFile;
      }
    /** The page cannot open this model. */
    | { readonly kind: 'none'; readonly why: string };
}

/** An entry of `data/folders.json`. What a folder does not say is null. */
export interface FolderEntry {
  /** In addresses in place of its path. */
  readonly id: string;
  readonly name: string;
  /** Its path from where the server was started; the name alone where it is elsewhere. */
  readonly place: string;
  readonly kind: FolderKind;
  readonly state: 'finished' | 'unfinished';
  /** Bytes of the answers of an unfinished run so far. */
  readonly written: number | null;
  /** Milliseconds since 1970. */
  readonly changed: number;
  readonly model: string | null;
  readonly task: string | null;
  readonly shots: number | null;
  readonly seed: number | null;
  readonly learningRate: number | null;
  readonly accuracy: Readonly<Record<SettingName, number | null>>;
  readonly simAOU: number | null;
}

/** An entry of `data/tasks.json`. The rows are the files of the embedded data, unpacked in the page. */
export interface PageTask {
  readonly name: string;
  readonly title: string;
  readonly licence: string;
  readonly template: string;
  /** With their leading space. */
  readonly labels: readonly string[];
  readonly files: Readonly<Record<'train' | 'evaluation', { readonly path: string; readonly rows: number }>>;
  /** Whether the evaluation rows are stored in evaluation order. */
  readonly shuffled: boolean;
  /** Of the model of the page. */
  readonly seed: number;
  /** Absent where none was tuned. */
  readonly learningRate?: number;
}
