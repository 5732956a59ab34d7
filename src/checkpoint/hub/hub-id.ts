import { UserError } from '../../error.ts';

/** A model or data set of the hub, at a revision. */
export interface HubId {
  /** Only of a data set. */
  readonly kind?: 'dataset';
  /** `org/name` */
  readonly name: string;
  /** Branch, tag, `refs/pr/N` or commit. */
  readonly revision: string;
}

export const DEFAULT_REVISION = 'main';

// The hub's own limit for `org/name`; git branches are rarely longer than a few words.
const MAX_NAME = 96;
const MAX_REVISION = 200;

// ASCII only: similar letters of other scripts would name another folder than the one a reader
// sees.
const PART = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?$/;
const REVISION_PART = /^[A-Za-z0-9_][A-Za-z0-9._+-]*$/;
// Names of devices on Windows, with any extension.
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;
const COMMIT = /^[0-9a-f]{40}$/;

/** Whether a text is a full commit hash, the name of a snapshot. */
export function isCommit(revision: string): boolean {
  return COMMIT.test(revision);
}

/**
 * Reads `org/name[@revision]`.
 *
 * @throws UserError when it is not a hub id; names that lead out of the cache or look like another
 * name are refused.
 */
export function parseHubId(text: string): HubId {
  const reason = whyNoHubId(text);
  if (reason === undefined) return split(text);
  throw new UserError(`not a hub id: ${reason}`, {
    option: 'model',
    value: shown(text),
    remedy: 'give org/name or org/name@revision',
  });
}

/** The same, or undefined when it is no hub id. */
export function asHubId(text: string): HubId | undefined {
  return whyNoHubId(text) === undefined ? split(text) : undefined;
}

/** As the user types it, without the default revision. */
export function formatHubId({ kind, name, revision }: HubId): string {
  const prefix = kind === 'dataset' ? DATASET_PREFIX : '';
  return prefix + (revision === DEFAULT_REVISION ? name : `${name}@${revision}`);
}

/** The path on the hub, below the endpoint. */
export function hubPath({ kind, name }: HubId): string {
  return kind === 'dataset' ? `datasets/${name}` : name;
}

const DATASET_PREFIX = 'hf:';

/** A data set of the hub and one of its configurations. */
export interface DatasetId {
  readonly id: HubId;
  readonly config: string | undefined;
}

/** Whether a text has the form of a data set of the hub, valid or not. */
export function isDatasetId(text: string): boolean {
  return text.startsWith(DATASET_PREFIX);
}

/**
 * Reads `hf:org/name[@revision][:config]`.
 *
 * @throws UserError when it is not valid
 */
export function parseDatasetId(text: string): DatasetId {
  const [place = '', ...config] = text.slice(DATASET_PREFIX.length).split(':');
  const reason = isDatasetId(text) ? whyNoHubId(place) : `it must begin with "${DATASET_PREFIX}"`;
  if (reason === undefined) return { id: { kind: 'dataset', ...split(place) }, config: config.join(':') || undefined };
  throw new UserError(`not a data set of the hub: ${reason}`, {
    option: 'task',
    value: shown(text),
    remedy: 'give hf:org/name, hf:org/name@revision or hf:org/name:config',
  });
}

function shown(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}...` : text;
}

function split(text: string): HubId {
  const at = text.indexOf('@');
  return at < 0
    ? { name: text, revision: DEFAULT_REVISION }
    : { name: text.slice(0, at), revision: text.slice(at + 1) };
}

function whyNoHubId(text: string): string | undefined {
  const { name, revision } = split(text);
  const parts = name.split('/');
  if (parts.length !== 2) return 'there must be one "/" between organisation and name';
  if (name.length > MAX_NAME) return `at most ${MAX_NAME} characters are allowed`;
  for (const part of parts) {
    if (!PART.test(part)) return 'letters a-z, digits, "-", "_" and "." inside make a name';
    // The cache writes "--" for "/".
    if (part.includes('--') || part.includes('..')) return '"--" and ".." are not allowed in a name';
    if (part.toLowerCase().endsWith('.git')) return 'a name does not end in ".git"';
  }
  if (revision.length > MAX_REVISION) return `a revision has at most ${MAX_REVISION} characters`;
  const steps = revision.split('/');
  const plain = steps.every(step => REVISION_PART.test(step) && !step.includes('..') && !DEVICE.test(step));
  return plain ? undefined : 'a revision is a branch, a tag or a commit';
}
