import type { LookupFunction } from 'node:net'
import type { Resolver } from './resolver.js'

/** For `net.connect`: resolves names with a resolver instead of Node's threads, which files and passwords need. */
export function socketLookup(resolver: Resolver): LookupFunction {
  return (host, { all }, answer) => {
    resolver.resolve(host, (error, addresses) => {
      const [first] = addresses
      if (error !== null || first === undefined) answer(error, '', 0)
      else if (all === true) answer(null, addresses)
      else answer(null, first.address, first.family)
    })
  }
}
