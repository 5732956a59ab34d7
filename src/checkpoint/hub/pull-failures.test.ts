import { describe, expect, test, vi } from 'vitest';
import { COMMIT, cutAfter, etagOf, startHub } from '../../../test/hub-server.ts';
import {
  bodiesAsked,
  config,
  expectNothing,
  expectWhole,
  fetchModel,
  files,
  hub,
  incomplete,
  pace,
  refusal,
  weights,
} from '../../../test/pull-fixture.ts';

describe('a connection', () => {
  test.each([0, 1, 1000, 299_999])('cut after byte %i resumes from there', async count => {
    let cuts = 0;
    hub.misbehave = (_, response, asked) =>
      asked.path.startsWith('/store/') && cuts++ === 0 && cutAfter(count, hub, response, asked);
    await fetchModel();
    expectWhole();
    expect(bodiesAsked()).toHaveLength(2);
    const resumed = Number(/bytes=(\d+)-/.exec(bodiesAsked()[1]!.range ?? 'bytes=0-')![1]);
    expect(resumed).toBeLessThanOrEqual(count);
    if (count > 0) expect(resumed).toBeGreaterThan(0);
  });

  test('cut again and again goes on as long as it gets further', async () => {
    hub.misbehave = (_, response, asked) => asked.path.startsWith('/store/') && cutAfter(30_000, hub, response, asked);
    await fetchModel();
    expectWhole();
    expect(bodiesAsked().length).toBeGreaterThan(pace.tries);
  });

  test('cut for good keeps what arrived for the next pull', async () => {
    let open = true;
    hub.misbehave = (_, response, asked) => {
      if (!asked.path.startsWith('/store/')) return false;
      if (!open) return response.destroy() !== undefined;
      open = false;
      return cutAfter(100_000, hub, response, asked);
    };
    expect((await refusal()).message).toMatch(
      /org\/name\/model.safetensors: 127.0.0.1:\d+: the connection was cut; try/,
    );
    expectNothing();
    expect(incomplete()).toHaveLength(1);
    hub.misbehave = () => false;
    const from = bodiesAsked().length;
    await fetchModel();
    expect(bodiesAsked()[from]!.range).toMatch(/^bytes=[1-9]\d*-$/);
    expectWhole();
  });

  test('that sends a wrong byte and falls silent is cut, and in the end everything is fetched anew', async () => {
    let silent = 0;
    hub.misbehave = (_, response, { path }) =>
      path.startsWith('/store/') && silent++ === 0 && response.writeHead(200).write('x') !== undefined;
    await fetchModel();
    expectWhole();
  });

  test('that cannot be made says so', async () => {
    await hub.close();
    expect((await refusal()).message).toMatch(/^org\/name: 127.0.0.1:\d+: refuses the connection; try again later/);
  });

  test('stopped by the user keeps what arrived', async () => {
    const stop = new AbortController();
    const stopped = fetchModel('org/name', {
      signal: stop.signal,
      onProgress: ({ done }) => {
        if (done > config.length) stop.abort(new Error('enough'));
      },
    });
    await expect(stopped).rejects.toThrow('enough');
    expectNothing();
    expect(incomplete()).toHaveLength(1);
    await fetchModel();
    expectWhole();
  });

  test('stopped while nothing comes ends at once', async () => {
    const stop = new AbortController();
    hub.misbehave = () => {
      setTimeout(() => stop.abort(new Error('enough')), 10);
      return true;
    };
    await expect(fetchModel('org/name', { signal: stop.signal, pace: {} })).rejects.toThrow('enough');
  });
});

describe('a server', () => {
  test.each([
    ['shorter', (bytes: Buffer) => bytes.subarray(1), 'sends 299999 bytes but lists 300000'],
    ['longer', (bytes: Buffer) => Buffer.concat([bytes, bytes]), 'sends 600000 bytes but lists 300000'],
  ])('that sends something %s than it lists', async (_, change, message) => {
    hub.misbehave = (_request, response, { path }) => {
      if (!path.startsWith('/store/')) return false;
      const body = change(weights);
      response.writeHead(200, { 'content-length': body.length }).end(body);
      return true;
    };
    expect((await refusal()).message).toContain(message);
    expectNothing();
  });

  test('that sends more than it lists without saying how much', async () => {
    hub.misbehave = (_, response, { path }) =>
      path.startsWith('/store/') && response.end(Buffer.concat([weights, weights])) !== undefined;
    expect((await refusal()).message).toContain('but lists 300000');
    expectNothing();
  });

  test.each(['config.json', 'model.safetensors'] as const)('that sends a wrong %s', async name => {
    hub.misbehave = (_, response, { path }) => {
      if (!path.startsWith('/store/') && !path.endsWith('config.json')) return false;
      if (!path.endsWith(name)) return false;
      const wrong = Buffer.from(files[name]);
      wrong[7]! ^= 1;
      response.end(wrong);
      return true;
    };
    expect((await refusal()).message).toContain(`has not the hash that it lists (${etagOf(name, files[name])})`);
    expectNothing();
    expect(incomplete()).toEqual([]);
  });

  test('that goes round in circles', async () => {
    hub.misbehave = (_, response, { path }) => {
      if (path.startsWith('/api/')) return false;
      response.writeHead(302, { location: path.endsWith('/a') ? '/b' : '/a' }).end();
      return true;
    };
    expect((await refusal()).message).toContain('its redirects lead nowhere');
  });

  test.each(['file:///etc/passwd', 'http://', undefined])('that redirects to %s', async location => {
    hub.misbehave = (_, response, { path }) =>
      !path.startsWith('/api/') &&
      response.writeHead(302, location === undefined ? {} : { location }).end() !== undefined;
    expect((await refusal()).message).toContain('not to be trusted');
  });

  test('of another name never sees the token, not even on the way back', async () => {
    vi.stubEnv('HF_TOKEN', 'hf_secret');
    const other = await startHub(files);
    other.misbehave = (_, response, { path }) =>
      path === '/there' &&
      response.writeHead(302, { location: `${hub.endpoint}/store/model.safetensors` }).end() !== undefined;
    hub.misbehave = (_, response, { path }) =>
      path.endsWith(`/resolve/${COMMIT}/model.safetensors`) &&
      response.writeHead(302, { location: `${other.endpoint}/there` }).end() !== undefined;
    await fetchModel();
    expectWhole();
    expect(other.asked).toEqual([{ path: '/there', range: undefined, token: undefined }]);
    expect(bodiesAsked().map(({ token }) => token)).toEqual([undefined]);
    expect(new Set(hub.asked.filter(({ path }) => !path.startsWith('/store/')).map(({ token }) => token))).toEqual(
      new Set(['Bearer hf_secret']),
    );
    await other.close();
  });

  test('whose next page of the list is elsewhere does not get the token there', async () => {
    vi.stubEnv('HF_TOKEN', 'hf_secret');
    const other = await startHub({ 'model.safetensors': weights });
    hub.files = { 'config.json': config };
    hub.misbehave = (_, response, { path }) => {
      if (path.includes('/tree/')) response.setHeader('link', `<${other.endpoint}/api/models/a/b/tree/x>; rel="next"`);
      if (!path.endsWith('/model.safetensors')) return false;
      response.end(weights);
      return true;
    };
    await fetchModel();
    expect(other.asked.map(({ token }) => token)).toEqual([undefined]);
    await other.close();
  });

  test.each([429, 503])('that is busy (%i) is given the time it asks for', async status => {
    const times: number[] = [];
    hub.misbehave = (_, response, { path }) => {
      if (!path.startsWith('/store/')) return false;
      times.push(performance.now());
      if (times.length > 1) return false;
      response.writeHead(status, { 'retry-after': '1' }).end('<html>busy</html>');
      return true;
    };
    await fetchModel('org/name', { pace: { ...pace, longestWaitMs: 5000 } });
    expectWhole();
    expect(times[1]! - times[0]!).toBeGreaterThan(990);
  });

  test('that asks for an hour gets the longest wait, and is given up in the end', async () => {
    hub.misbehave = (_, response) => response.writeHead(503, { 'retry-after': '3600' }).end() !== undefined;
    const start = performance.now();
    expect((await refusal()).message).toContain('answers with status 503; try again later');
    expect(performance.now() - start).toBeLessThan(2000);
    expect(hub.asked).toHaveLength(pace.tries);
  });

  test('that does not go on in the middle begins anew', async () => {
    let tries = 0;
    hub.misbehave = (_, response, asked) => {
      if (!asked.path.startsWith('/store/')) return false;
      tries++;
      if (tries === 1) return cutAfter(1000, hub, response, asked);
      if (tries === 2) return response.writeHead(416).end() !== undefined;
      if (tries === 3) return cutAfter(2000, hub, response, asked);
      // 200 in place of 206: the whole file.
      response.end(weights);
      return true;
    };
    await fetchModel();
    expectWhole();
  });

  test('that begins anew each time and never gets further is given up', async () => {
    hub.misbehave = (_, response, asked) =>
      asked.path.startsWith('/store/') && cutAfter(1000, hub, response, { ...asked, range: undefined });
    expect((await refusal()).message).toContain('the connection was cut');
    expect(bodiesAsked().length).toBeLessThan(3 * pace.tries);
  });

  test.each([
    [
      401,
      'GatedRepo',
      undefined,
      /gated; accept its conditions on http\S+\/org\/name while logged in, then set HF_TOKEN/,
    ],
    [403, 'GatedRepo', 'hf_x', /gated; accept its conditions on \S+ while logged in, then pull again/],
    [401, 'RepoNotFound', undefined, /has no such model, or it is private \(then set HF_TOKEN\); check the name/],
    [404, 'RepoNotFound', 'hf_x', /has no such model that HF_TOKEN may see; check the name/],
    [404, 'RevisionNotFound', undefined, /there is no revision "main"/],
    [401, '', 'hf_x', /refuses HF_TOKEN; make a new token at/],
    [401, '', undefined, /or asks for a token; check the name, or set HF_TOKEN/],
    [403, '', 'hf_x', /HF_TOKEN may not read this model/],
    [418, '', undefined, /answers with status 418/],
  ])('that refuses with %i %s, token %s', async (status, code, token, message) => {
    if (token !== undefined) vi.stubEnv('HF_TOKEN', token);
    hub.misbehave = (_, response) =>
      response.writeHead(status, code ? { 'x-error-code': code } : {}).end() !== undefined;
    expect((await refusal()).message).toMatch(message);
    expect(hub.asked).toHaveLength(1);
  });

  test.each([
    ['no JSON', 'hello'],
    ['null', 'null'],
    ['no commit', '{"sha":"../../x"}'],
    ['too much', ' '.repeat(21_000_000)],
  ])('that is no hub: %s', async (_, body) => {
    hub.misbehave = (_request, response) => response.end(body) !== undefined;
    expect((await refusal()).message).toMatch(/does not answer as a hub does|has more than 20000000 bytes/);
  });

  test('that lists names which lead elsewhere: they do not exist', async () => {
    hub.misbehave = (_, response, { path }) => {
      if (!path.includes('/tree/')) return false;
      const names = [
        'config.json',
        '../../../x.safetensors',
        '/x.safetensors',
        'a\\..\\x.safetensors',
        '.x.safetensors',
      ];
      const entry = { type: 'file', size: 1, oid: '0'.repeat(40) };
      response.end(JSON.stringify([...names.map(name => ({ ...entry, path: name })), null, 7].slice(0, 5)));
      return true;
    };
    expect((await refusal()).message).toContain('there is no model.safetensors');
  });
});
