/**
 * How bytes reach us and leave: `onread`, out of buffers of our own (see read-buffers.ts) and past the stream where Node allows it
 * (see handle.ts); or `data`, by the ordinary events and writes.
 */
export const READ_MODES = ['onread', 'data'] as const
export type ReadMode = (typeof READ_MODES)[number]
