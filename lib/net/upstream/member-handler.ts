import type { ProxyError } from '../../link/proxy-error.js'
import type { WatchedAddress } from '../names/name-watch.js'
import type { Address, Resolver } from '../names/resolver.js'
import type { UpstreamHandler } from './upstream-shared.js'

// How a group member differs from other pools: in the way its address is found.

/** The same handler, but with names resolved by `resolver`. */
export function asking(handler: UpstreamHandler, resolver: Resolver): UpstreamHandler {
  return {
    ...callbacksOf(handler),
    locate: (host, port, done) =>
      resolver.resolve(host, (error, addresses) => {
        const allowed: Address[] = []
        let refused = error
        for (const { address } of addresses) {
          const judged = (why: ProxyError | null, found: readonly Address[]): void => {
            if (why !== null) refused = why
            for (const place of found) allowed.push(place)
          }
          handler.locate(address, port, judged, '') // synchronous, since it is not a name
        }
        done(allowed.length > 0 ? null : refused, allowed)
      }),
  }
}

/** The same handler, for a member whose address is already fixed. */
export function pinned(handler: UpstreamHandler, at: WatchedAddress): UpstreamHandler {
  return { ...callbacksOf(handler), locate: (_host, port, done) => handler.locate(at.address, port, done, '') }
}

function callbacksOf(handler: UpstreamHandler): Pick<UpstreamHandler, 'opened' | 'closed' | 'fault'> {
  return {
    opened: connection => handler.opened(connection),
    closed: connection => handler.closed(connection),
    fault: fault => handler.fault(fault),
  }
}
