/** One number per layer, first layer first; null if undefined. */
export type PerLayer = readonly (number | null)[];
