import { isStripped } from '../policy/path-prefixes.js'
import { hostToSend } from '../policy/send-host.js'
import { type WayBack, wayBack } from '../policy/way-back.js'
import type { ExchangeView } from './exchange-view.js'

/** How the request of this exchange was routed, for rewriting its response; null if its route rewrites nothing. */
export function wayBackOf(exchange: ExchangeView): WayBack | null {
  const { routed, pool, outbound, asked } = exchange
  const client = exchange.client.peer
  if (routed === null || routed.wayBack === null || pool === null || outbound === null) return null
  const { origin } = pool
  const path = pathOf(asked.target)
  const told = (name: string): string => (client.trusted ? (asked.field(name).split(',')[0]?.trim() ?? '') : '')
  return wayBack(routed.wayBack, {
    outer: routed.prefixes !== null && isStripped(path, routed.prefixes) ? routed.prefixes.stripPrefix : '',
    inner: routed.prefixes?.setPrefix ?? '',
    asked: path,
    sent: pathOf(outbound.target),
    upstream: {
      scheme: origin.scheme,
      authorities: [hostToSend(routed.sendHost, asked.host, origin.authority), origin.authority],
    },
    client: { scheme: told('x-forwarded-proto') || client.scheme, authority: told('x-forwarded-host') || asked.host },
  })
}

/** The path of a request-target, without its query. */
function pathOf(target: string): string {
  const path = target.replace(/^[a-z]+:\/\/[^/?]*/i, '').replace(/\?.*$/, '')
  return path === '' ? '/' : path
}
