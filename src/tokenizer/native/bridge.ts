import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { type ChildModule, childModule } from '../../child-module.ts';
import type { Reply, Request, RequestWithReply } from './protocol.ts';

/** What the relay is started with. */
export interface RelayData {
  readonly port: MessagePort;
  /** How many replies there were. [1] */
  readonly replies: Int32Array;
  /** The process that holds the library. */
  readonly child: ChildModule;
}

interface Bridge {
  /** Blocks this thread until the reply is there. */
  ask(request: RequestWithReply): Reply;
  tell(request: Request): void;
}

let bridge: Bridge | undefined;

/** Starts the process that holds the Rust library; it is ready later. It ends with this thread. */
export function startNative(): void {
  bridge ??= open();
}

/** Asks the process that holds the Rust library. */
export function ask(request: RequestWithReply): Reply {
  bridge ??= open();
  return bridge.ask(request);
}

/** A request without a reply; none where no process was started. */
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
  // Neither keeps the program from ending.
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
