/** @file Settings of the hub from the environment variables that the Python tools read. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { UserError } from '../../error.ts';
import { atHome } from '../../files/home-directory.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folder of the shared cache: `HF_HUB_CACHE`, else `HF_HOME`/hub, else
 * `~/.cache/huggingface/hub`.
 */
export function hubCacheDirectory(env: Environment = process.env): string {
  // Older Python tools read the second name.
  const chosen = env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE;
  if (chosen) return resolve(expanded(chosen));
  if (env.HF_HOME) return resolve(expanded(env.HF_HOME), 'hub');
  const caches = env.XDG_CACHE_HOME ? resolve(expanded(env.XDG_CACHE_HOME)) : home('.cache');
  return join(caches, 'huggingface', 'hub');
}

function expanded(path: string): string {
  return path === '~' || path.startsWith('~/') ? home(path.slice(1)) : path;
}

function home(path: string): string {
  return atHome(() => join(homedir(), path), 'set the environment variable HF_HOME to a folder that can be written');
}

/** `HF_HUB_OFFLINE` */
export function hubIsOffline(env: Environment = process.env): boolean {
  return ['1', 'true', 'yes', 'on'].includes((env.HF_HUB_OFFLINE ?? '').trim().toLowerCase());
}

/**
 * `HF_ENDPOINT`, else the public hub; without a trailing slash.
 *
 * @throws UserError when it is not an http(s) address
 */
export function hubEndpoint(env: Environment = process.env): string {
  const typed = env.HF_ENDPOINT?.trim() || 'https://huggingface.co';
  const url = URL.canParse(typed) ? new URL(typed) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new UserError(`HF_ENDPOINT ${JSON.stringify(typed)}: not an http(s) address`, {
      remedy: 'unset or correct the variable',
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new UserError('HF_ENDPOINT: holds a password', { remedy: 'give the token as HF_TOKEN' });
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/**
 * `HF_TOKEN`
 *
 * @throws UserError when it is not a valid header value
 */
export function hubToken(env: Environment = process.env): string | undefined {
  const token = env.HF_TOKEN?.trim() || undefined;
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new UserError('HF_TOKEN: holds blanks or non-ASCII characters', { remedy: 'copy the token again' });
  }
  return token;
}
