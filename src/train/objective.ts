import type { Tensor } from '../graph/tensor.ts';
import type { TensorData } from '../runtime/runtime.ts';

/** Initial values of a parameter: normal with this standard deviation, or constant. */
export type Initial = { readonly deviation: number } | { readonly value: number };

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: Initial;
}

/** What training minimises: parameters, and a loss as a function of them and of inputs. */
export interface Objective {
  readonly parameters: readonly Parameter[];
  /**
   * Builds the loss, float32 [], and further outputs from parameters by name and inputs.
   */
  readonly build: (parameter: (name: string) => Tensor) => {
    readonly loss: Tensor;
    readonly outputs?: Readonly<Record<string, Tensor>>;
  };
}

/** Inputs of a graph besides the parameters. */
export type Feeds = Readonly<Record<string, TensorData>>;

/** Values of all parameters, by name. */
export type Numbers = Readonly<Record<string, Float32Array>>;
