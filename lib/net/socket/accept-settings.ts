import type { ReadMode } from './read-mode.js'

/** How accepted connections are set up. */
export interface AcceptSettings {
  readonly readMode: ReadMode
  readonly noDelay: boolean
  /** 0 turns TCP keep-alive off. */
  readonly tcpKeepAliveMs: number
}
