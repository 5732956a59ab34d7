/** What `dualform run` on the embedded model takes at its highest, all processes together; its run folder says how much it was. */
export const RUN_MEMORY_BYTES = 2e9;
