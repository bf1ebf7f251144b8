import { Resolver, type ResolverOptions } from '../../lib/net/names/resolver.js'
import type { createProxy } from '../../lib/proxy/proxy.js'

/** From now on this proxy uses `lookup` for names, through a resolver that is otherwise the real one. */
export function answerNames(proxy: ReturnType<typeof createProxy>, options: ResolverOptions): void {
  const { resolver } = (proxy as unknown as { upstreams: { resolver: Resolver } }).upstreams
  const ours = new Resolver(options)
  resolver.resolve = (host, done, client) => ours.resolve(host, done, client)
}

/** A lookup that knows some names, each with its addresses; other names do not exist. `asked` lists the lookups. */
export function names(known: Record<string, readonly string[]>) {
  const asked: string[] = []
  const lookup: NonNullable<ResolverOptions['lookup']> = (name, done) => {
    asked.push(name)
    const addresses = known[name]
    if (addresses === undefined) done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), [])
    else
      done(
        null,
        addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 })),
      )
  }
  return { asked, lookup }
}
