/** One labelled text. */
export interface Row {
  /** Index in the original data, from 0. */
  readonly id: number;
  readonly fields: Readonly<Record<string, string>>;
  /** Index into the task's labels. */
  readonly label: number;
}
