export { type Hang, HangBook, type HangSpan, hangIn, isHang } from './page/hangs.js'

/** Who waits on whom at one moment, in one scene. */
export type Waiting = ReadonlyMap<string, string>
