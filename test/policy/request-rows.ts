import { test } from 'tap'
import type { RequestContext } from '../../lib/policy/request-context.js'
import { rewriteRequest } from '../../lib/policy/rewrite-request.js'
import { crlf, QUIET, request } from './heads.js'

/** The input, its difference to a gateway that adds nothing, and the output. */
export type Row = [
  title: string,
  inbound: string[],
  context: Partial<RequestContext & { closes: boolean }>,
  outbound: string[],
]

export const GET = 'GET / HTTP/1.1'
export const HOST = 'Host: a.example'
export const PUT = ['PUT / HTTP/1.1', HOST, 'Content-Length: 3']
export const WANTED = [GET, HOST, 'TE: deflate, Trailers', 'Connection: TE']
export const WS = ['Upgrade: websocket', 'Connection: Upgrade']
export const OURS = ['X-Forwarded-For: 192.0.2.1', 'X-Forwarded-Host: a.example', 'X-Forwarded-Proto: http']
export const FORWARD = { mode: 'forward' } as const
export const TRUSTED = { trustedPeer: true } as const
export const LENGTH = { framing: 'length' } as const
export const CHUNKED = { framing: 'chunked' } as const

/** One test for each row. */
export function testRows(...rows: Row[]): void {
  for (const [title, inbound, context, outbound] of rows) {
    test(title, async t => {
      const { head, options } = request(...inbound)
      const before = head.lines.text
      const { closes = false, ...rest } = context
      t.equal(rewriteRequest(head, options, { ...QUIET, ...rest }).text(closes), crlf(...outbound))
      t.equal(head.lines.text, before, 'the inbound head is never changed')
    })
  }
}
