/**
 * Everything that the command line does can be done by import. Each module is a namespace:
 *
 *     import { checkpoint, model, runtime, setting } from 'dualform';
 */
export * as cell from './cell/index.ts';
export * as checkpoint from './checkpoint/index.ts';
export { type CommandName, commandNames, jsonSchemaOf } from './command-options.ts';
export { UserError } from './error.ts';
export * as explore from './explore/index.ts';
export * as graph from './graph/index.ts';
export type { Device, Hooks, OnProgress, Progress } from './hooks.ts';
export * as metric from './metric/index.ts';
export * as model from './model/index.ts';
export * as observe from './observe/index.ts';
export * as report from './report/index.ts';
export * as run from './run/index.ts';
export { type ScoreRequest, scoreLabels } from './run/score.ts';
export * as runtime from './runtime/index.ts';
export * as setting from './setting/index.ts';
export * as statistics from './statistics/index.ts';
export * as study from './study/index.ts';
export * as task from './task/index.ts';
export * as theory from './theory/index.ts';
export * as tokenizer from './tokenizer/index.ts';
export * as train from './train/index.ts';
