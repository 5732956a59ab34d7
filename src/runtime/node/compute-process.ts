import { fork } from 'node:child_process';
import { childModule } from '../../child-module.ts';
import { deviceClass, type NodeDevice } from '../../device.ts';
import { UserError } from '../../error.ts';
import { createCalls } from '../calls.ts';
import type { Connection } from '../connection.ts';
import type { Reply } from '../protocol.ts';
import { memoryOf } from './memory.ts';

/** A running compute process. */
export interface ComputeProcess extends Connection {
  readonly pid: number;
}

const stderrKept = 4096;

/**
 * Starts a compute process and waits until onnxruntime is loaded in it.
 * @throws UserError when onnxruntime does not load on this system or the device is not there; the
 * reason of `signal` when it is aborted
 */
export async function startComputeProcess(options: {
  readonly device: NodeDevice;
  readonly threads: number;
  readonly signal?: AbortSignal | undefined;
}): Promise<ComputeProcess> {
  const { device, threads, signal } = options;
  signal?.throwIfAborted();
  const { file, execArgv } = childModule('child', import.meta.url);
  const child = fork(file, [String(threads), device], {
    serialization: 'advanced',
    // stdout is for results only. What native code writes to stderr before a crash becomes part of
    // the report.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: ['--expose-gc', ...execArgv],
    // Where drivers compute on the processor, glibc would keep what they free of the device's memory.
    env: deviceClass(device) === 'webgpu' ? { MALLOC_MMAP_THRESHOLD_: '65536', ...process.env } : process.env,
  });
  // A failed send means that the process has ended, which settles every request.
  const calls = createCalls({ send: call => child.send(call, () => {}), unusable: why => unusable(device, why) });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-stderrKept);
  });
  const gone = new Promise<void>(resolve => {
    child.once('close', () => resolve());
    child.once('error', () => child.pid === undefined && resolve());
  });
  const crashed = (cause: string) => calls.endByCrash({ cause, stderr: stderr.trim() });
  const abort = () => end(() => signal!.reason as Error);
  function end(error: () => Error): void {
    signal?.removeEventListener('abort', abort);
    calls.end(error);
    child.kill('SIGKILL');
  }
  async function close(): Promise<void> {
    end(() => new Error('the runtime is closed'));
    await gone;
  }

  child.on('message', (reply: Reply) => calls.receive(reply));
  // 'close' comes after the last message and the last of stderr, 'exit' may come before them.
  child.once('close', (code, name) => crashed(name === null ? `exit code ${code}` : `signal ${name}`));
  child.on('error', error => {
    // If the process started, 'close' follows.
    if (child.pid === undefined) crashed(error.message);
  });
  signal?.addEventListener('abort', abort, { once: true });

  try {
    await calls.ready;
  } catch (error) {
    await close();
    throw error;
  }
  const pid = child.pid!;
  const { ask, crash } = calls;
  const memory = async () => memoryOf(pid) ?? ask('measuring memory', { kind: 'memory' });
  return { pid, device, threads, ask, crash, memory, close };
}

function unusable(device: NodeDevice, message: string): UserError {
  const reason = message.split('\n')[0]!;
  switch (deviceClass(device)) {
    case 'cpu':
      return new UserError(
        `onnxruntime does not load on this system (${process.platform} ${process.arch}): ${reason}; it needs Linux with glibc 2.28, macOS on arm64 or Windows`,
      );
    case 'webgpu':
      return new UserError(`device webgpu is not there: ${plain(reason)}`, {
        remedy:
          process.platform === 'linux'
            ? "install the Vulkan loader (libvulkan1) and the card's Vulkan driver, or compute with `device` cpu"
            : "install the card's driver, or compute with `device` cpu",
      });
    case 'cuda':
      return new UserError(`device ${device} is not there: ${plain(reason)}`, {
        remedy:
          "install CUDA 12, cuDNN 9 and onnxruntime's CUDA libraries (docs/devices.md), or compute with `device` cpu",
      });
  }
}

/** Without the place in onnxruntime's source that its message begins with. */
function plain(reason: string): string {
  return reason.replace(/^.* was false\. /, '').trim();
}
