export { physicalCores } from './cores.ts';
export { type Crash, CrashError, NonFiniteError } from './errors.ts';
export type {
  Handle,
  Location,
  RunRequest,
  RunResult,
  Runtime,
  RuntimeOptions,
  Session,
  SessionRequest,
  TensorData,
  Usage,
} from './runtime.ts';
export { openRuntime, withRuntime } from './runtime.ts';
