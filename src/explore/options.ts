import * as z from 'zod';
import { type ChosenOptions, nonEmptyText, type OptionsOf, option, wholeNumber } from '../options.ts';
import { modelOptions } from '../run/options.ts';

export const exploreOptions = {
  port: option(wholeNumber(0, 65_535).default(0), {
    description: 'port on 127.0.0.1; 0 takes 47135, or a free one where that is taken',
  }),
  open: option(z.boolean().default(true), { description: 'do not open the browser' }),
  export: option(nonEmptyText().optional(), {
    description: 'write the page as static files into this folder instead of serving it, model included',
    placeholder: 'folder',
  }),
  model: modelOptions.model,
};

export type ExploreOptions = OptionsOf<typeof exploreOptions>;
export type ChosenExploreOptions = ChosenOptions<typeof exploreOptions>;
