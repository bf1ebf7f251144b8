import type { ProxyError } from '../../link/proxy-error.js'
import type { Deadline } from '../deadline-wheel.js'
import type { UpstreamStream } from './upstream-stream.js'

/** Requests an upstream connection and may have to wait for it. */
export interface UpstreamWaiter {
  /** The stream belongs to the waiter until it is released or aborted. */
  onUpstream(stream: UpstreamStream): void
  onNoUpstream(error: ProxyError): void
  /** The limit of its wait in the queue; set by the pool when it has to wait. */
  waiting: Deadline | null
  /** Its request cannot be sent again if the connection turns out to be closing: so that is checked first. */
  readonly onlyOnce: boolean
  /** The first bytes of a connection for this waiter alone: its client's address in the PROXY protocol. */
  preface(version: 'v1' | 'v2'): Buffer
  /** The address of its client; lookups made for the waiter are counted by it. */
  readonly clientAddress: string
}
