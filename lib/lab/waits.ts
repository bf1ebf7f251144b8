export { type Hang, HangBook, type HangSpan, hangIn, isHang } from './page/hangs.js'

/** Which party waits for which, at one moment in one scene. */
export type Waiting = ReadonlyMap<string, string>
