import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { type ChildModule, childModule } from '../../child-module.ts';
import type { Reply, Request, RequestWithReply } from './protocol.ts';

/** Start data of the relay. */
export interface RelayData {
  readonly port: MessagePort;
  /** Number of replies, [1]. */
  readonly replies: Int32Array;
  /** The child process with the library. */
  readonly child: ChildModule;
}

interface Bridge {
  /** Blocks this thread until the reply arrives. */
  ask(request: RequestWithReply): Reply;
  tell(request: Request): void;
}

let bridge: Bridge | undefined;

/**
 * Starts the child process with the Rust library, which ends with this thread; it may not be ready
 * yet.
 */
export function startNative(): void {
  bridge ??= open();
}

/** Sends a request to the child process and returns its reply. */
export function ask(request: RequestWithReply): Reply {
  bridge ??= open();
  return bridge.ask(request);
}

/** Sends a request without a reply, if a process was started. */
export function tell(request: Request): void {
  bridge?.tell(request);
}

function open(): Bridge {
  const { port1: near, port2: port } = new MessageChannel();
  const replies = new Int32Array(new SharedArrayBuffer(4));
  const data: RelayData = { port, replies, child: childModule('child', import.meta.url) };
  const relay = new Worker(new URL('relay.js', import.meta.url), {
    workerData: data,
    transferList: [port],
    execArgv: [],
  });
  // Neither keeps the program running.
  relay.unref();
  near.unref();
  return {
    ask: request => {
      const before = Atomics.load(replies, 0);
      near.postMessage(request);
      Atomics.wait(replies, 0, before);
      return (receiveMessageOnPort(near) as { readonly message: Reply }).message;
    },
    tell: request => near.postMessage(request),
  };
}
