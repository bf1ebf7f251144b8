import type { ProxyError } from '../../link/proxy-error.js'
import type { Deadline } from '../deadline-wheel.js'
import type { UpstreamStream } from './upstream-stream.js'

/** Asks for an upstream connection and may have to wait for it. */
export interface UpstreamWaiter {
  /** A stream is the waiter's, until it is released or aborted. */
  onUpstream(stream: UpstreamStream): void
  onNoUpstream(error: ProxyError): void
  /** The limit of its wait in the queue; made by the pool when it has to wait. */
  waiting: Deadline | null
  /** Its request cannot be sent again if the connection turns out to be at its end: so that is looked for first. */
  readonly onlyOnce: boolean
  /** What a connection for this waiter alone begins with: its client's address in the PROXY protocol. */
  preface(version: 'v1' | 'v2'): Buffer
  /** The address of its client, by which the lookups that are made for it are counted. */
  readonly clientAddress: string
}
