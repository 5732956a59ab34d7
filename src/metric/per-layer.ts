/** One number for each layer, first layer first; null where it is undefined. */
export type PerLayer = readonly (number | null)[];
