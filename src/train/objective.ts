import type { Tensor } from '../graph/tensor.ts';
import type { TensorData } from '../runtime/runtime.ts';

/** How a parameter begins: normal numbers of this deviation, or one number everywhere. */
export type Initial = { readonly deviation: number } | { readonly value: number };

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: Initial;
}

/** Something to train: parameters, and graph outputs as functions of them and of fed inputs. */
export interface Objective {
  readonly parameters: readonly Parameter[];
  /**
   * The loss, float32 [], and what else can be read, from parameters by name and inputs that it
   * makes.
   */
  readonly build: (parameter: (name: string) => Tensor) => {
    readonly loss: Tensor;
    readonly outputs?: Readonly<Record<string, Tensor>>;
  };
}

/** What a graph is fed besides the parameters. */
export type Feeds = Readonly<Record<string, TensorData>>;

/** Numbers of all parameters, by name. */
export type Numbers = Readonly<Record<string, Float32Array>>;
