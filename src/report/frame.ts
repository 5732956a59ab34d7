/**
 * Options of all charts, in a file without the drawing library, so that importing a chart does not
 * need its types.
 */
export interface Frame {
  readonly title?: string | undefined;
  /** In pixels (default: 720 x 320). */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
}
