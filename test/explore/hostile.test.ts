/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasBrowser } from '../devices/devices.ts';
import { openedExplorer } from './browser.ts';

/** What a page tries to read of the addresses of another server; resolves to what it got of each, by how. */
async function steal(addresses: readonly string[]): Promise<Readonly<Record<string, number>>> {
  const got: Record<string, number> = {};
  const note = (how: string, bytes: number) => {
    got[how] = (got[how] ?? 0) + bytes;
  };
  const loads = (element: HTMLElement) =>
    new Promise<boolean>(resolve => {
      element.onload = () => resolve(true);
      element.onerror = () => resolve(false);
      setTimeout(() => resolve(false), 1500);
      document.body.append(element);
    });
  for (const address of addresses) {
    for (const mode of ['cors', 'no-cors'] as const) {
      for (const method of ['GET', 'POST']) {
        const body = method === 'POST' ? '{}' : undefined;
        const text = await fetch(address, { mode, method, credentials: 'include', ...(body && { body }) })
          .then(response => response.text())
          .catch(() => '');
        note(`fetch ${mode} ${method}`, text.length);
      }
    }
    note('script', (await loads(Object.assign(document.createElement('script'), { src: address }))) ? 1 : 0);
    const style = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: address });
    note('style', (await loads(style)) ? 1 : 0);
    const image = Object.assign(document.createElement('img'), { src: address });
    note('image', (await loads(image)) ? 1 : 0);
    const frame = Object.assign(document.createElement('iframe'), { src: address });
    await loads(frame);
    try {
      note('frame', frame.contentDocument?.body.innerHTML.length ?? 0);
    } catch {
      note('frame', 0);
    }
    const events = new EventSource(address);
    note(
      'events',
      await new Promise<number>(resolve => {
        events.onmessage = event => resolve(event.data.length);
        events.onerror = () => resolve(0);
      }),
    );
    const opened = open(address);
    await new Promise(resolve => setTimeout(resolve, 300));
    try {
      note('window', opened?.document.body.innerHTML.length ?? 0);
    } catch {
      note('window', 0);
    }
    opened?.close();
  }
  return got;
}

describe.skipIf(!hasBrowser())('a hostile page in the same browser', () => {
  const opened = openedExplorer();
  let server: Server;
  beforeAll(async () => {
    server = createServer((_, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end('<!doctype html><title>hostile</title><body></body>');
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test.each(['127.0.0.1', 'localhost'])('at another port of %s reads 0 bytes', async host => {
    const { page } = await opened.open();
    const { port, address } = opened.explorer;
    const token = address.split('token=')[1]!;
    const site = await page.evaluate(
      header => fetch('data/site.json', { headers: { Authorization: header } }).then(response => response.json()),
      `Bearer ${token}`,
    );
    // It may know every address, the secret one of the model too, but not the token.
    const model = (site as { model: { files: { weights: { path: string }[] } } }).model.files.weights[0]!.path;
    const paths = ['', 'index.html', 'data/site.json', 'data/folders.json', 'api/compute', model];
    const hostile = await page.context().newPage();
    await hostile.goto(`http://${host}:${(server.address() as AddressInfo).port}/`);
    const got = await hostile.evaluate(
      steal,
      paths.map(path => `http://127.0.0.1:${port}/${path}`),
    );
    // The same tries read a server that lets them.
    const own = await hostile.evaluate(steal, [hostile.url()]);
    expect(own['fetch cors GET']).toBeGreaterThan(20);
    expect(Object.keys(got).length).toBeGreaterThan(8);
    expect(Object.entries(got).filter(([, bytes]) => bytes !== 0)).toEqual([]);
    await page.context().close();
  });
});
