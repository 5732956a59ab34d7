import { type ChosenOptions, nonEmptyText, option } from '../../options.ts';

export const reportOptions = {
  out: option(nonEmptyText().default('report.html'), { description: 'the HTML file', placeholder: 'file' }),
  model: option(nonEmptyText().optional(), {
    description: 'the model of the runs, whose tokenizer gives the texts; as in "dualform run"',
    placeholder: 'model',
    byDefault: 'the model that comes with dualform',
  }),
};

export type ReportOptions = ChosenOptions<typeof reportOptions>;
