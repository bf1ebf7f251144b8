/**
 * How bytes are read and written: `onread`, into our own buffers (see read-buffers.ts) and bypassing the stream where Node allows
 * it (see handle.ts); or `data`, with the ordinary events and writes.
 */
export const READ_MODES = ['onread', 'data'] as const
export type ReadMode = (typeof READ_MODES)[number]
