import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { COMMIT, etagOf, type HubServer, startHub } from '../hub-server.ts';
import { dualform, newFolder, startDualform, tinyModel } from './dualform.ts';

const read = (name: string) => readFileSync(join(tinyModel, name));
const files = { 'config.json': read('config.json'), 'model.safetensors': read('model.safetensors') };

let hub: HubServer;
let env: Record<string, string>;
beforeEach(async () => {
  hub = await startHub(files);
  const folder = await newFolder();
  env = {
    HF_ENDPOINT: hub.endpoint,
    HF_HOME: folder,
    HF_HUB_CACHE: '',
    HF_HUB_OFFLINE: '',
    HF_TOKEN: '',
    DUALFORM_CACHE: folder,
  };
});
afterEach(() => hub.close());

describe('dualform pull', () => {
  test('--json is one document; the model can be used offline', async () => {
    const { exitCode, stdout, stderr } = await dualform(['pull', 'org/name', '--json', '--quiet'], { env });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const bytes = files['config.json'].length + files['model.safetensors'].length;
    expect(JSON.parse(stdout)).toEqual({
      name: 'org/name',
      revision: 'main',
      commit: COMMIT,
      folder: join(env.HF_HOME!, 'hub', 'models--org--name', 'snapshots', COMMIT),
      files: Object.entries(files).map(([name, content]) => ({
        name,
        bytes: content.length,
        etag: etagOf(name, content),
        downloaded: true,
      })),
      bytes,
      downloadedBytes: bytes,
    });
    const again = await dualform(['pull', 'org/name@main'], { env });
    expect(again.stdout).toContain('model.safetensors');
    expect(again.stdout).toContain('(cached)');
    expect(again.stdout).toContain('0 B downloaded');

    await hub.close();
    const out = join(env.HF_HOME!, 'trace.safetensors');
    const traced = await dualform(
      ['trace', '--model', 'org/name', '--tokens', '1,2', '--out', out, '--offline', '--json'],
      { env },
    );
    expect(traced.exitCode).toBe(0);
    expect(JSON.parse(traced.stdout).model.name).toBe('org/name');
  });

  test('shows progress on stderr', async () => {
    const { stderr, stdout } = await dualform(['pull', 'org/name'], { env });
    expect(stderr).toContain('downloading org/name');
    expect(stdout).toContain(`org/name at commit ${COMMIT}`);
  });

  test('Ctrl-C keeps what arrived and says how to go on', async () => {
    hub.misbehave = (_, response, { path }) => {
      if (!path.startsWith('/store/')) return false;
      const content = files['model.safetensors'];
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 1000), () => running.kill('SIGINT'));
      return true;
    };
    const running = startDualform(['pull', 'org/name'], { env });
    const { exitCode, stdout, stderr } = await running;
    expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: '' });
    expect(stderr.trimEnd().split('\n').at(-1)).toBe(
      'dualform: interrupted; what was downloaded is kept, the same command resumes from there',
    );
  });

  test.each([
    [['pull'], 2, "missing required argument 'id'"],
    [['pull', '../../etc'], 2, 'not a hub id'],
    [['pull', 'smollm2-135m-instruct'], 2, 'comes with dualform'],
    [['pull', 'org/name', '--offline'], 1, 'org/name: cannot be downloaded: --offline refuses the network'],
    [['pull', 'hf:name'], 2, 'not a data set of the hub'],
    [['pull', 'hf:org/name:all', '--offline'], 1, 'hf:org/name: cannot be downloaded: --offline refuses the network'],
    [['run', '--task', 'hf:org/name'], 1, 'name.task.json: there is no such file; write the template'],
    [['trace', '--model', 'org/name', '--tokens', '1', '--out', 'x', '--offline'], 1, 'nor is it in'],
  ])('%j is refused', async (args, code, message) => {
    const { exitCode, stdout, stderr } = await dualform(args, { env });
    expect(stderr).toMatch(/^dualform: [^\n]+\n$/);
    expect(stderr).toContain(message);
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' });
    expect(hub.asked).toEqual([]);
  });
});
