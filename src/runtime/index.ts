export { type Crash, CrashError, NonFiniteError } from './errors.ts';
export { physicalCores } from './node/cores.ts';
export { type NodeRuntime, openRuntime, type RuntimeOptions, withRuntime } from './node/open-runtime.ts';
export type {
  Handle,
  Location,
  RunRequest,
  RunResult,
  Runtime,
  Session,
  SessionRequest,
  TensorData,
  Usage,
} from './runtime.ts';
