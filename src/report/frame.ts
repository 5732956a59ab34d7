/** What all charts can be told. Apart from what draws them, so that who imports a chart needs no types of the drawing library. */
export interface Frame {
  readonly title?: string | undefined;
  /** In pixels; 720 x 320 unless given. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
}
