import { latin1 } from '../wire/latin1.js'
import { ID } from '../wire/names.js'
import type { RequestHead } from '../wire/request-head.js'
import { moreLines } from './client-fields.js'
import { forwardedElement } from './forwarded.js'
import type { RequestContext } from './request-context.js'
import { viaMember } from './via.js'

/** X-Forwarded-*, X-Real-IP, Forwarded and Via: the lines of this proxy about the client and about itself. */
export function linesAbout(head: RequestHead, context: RequestContext): string {
  const { about, generation, edits, prefix } = context
  // A trusted peer may send each request for another client.
  if (about === null || context.trustedPeer) return makeLines(head, context)
  const isOther = about.host !== head.host || about.minor !== head.minor
  if (isOther || about.generation !== generation || about.edits !== edits || about.prefix !== prefix) {
    about.host = head.host
    about.minor = head.minor
    about.generation = generation
    about.edits = edits
    about.prefix = prefix
    about.lines = flat(makeLines(head, context))
  }
  return about.lines
}

/** A copy in one piece: the slices would keep the head that they were cut from in memory. */
function flat(text: string): string {
  return latin1(Buffer.from(text, 'latin1'), 0, text.length)
}

function makeLines(head: RequestHead, context: RequestContext): string {
  let out = ''
  if (context.xForwarded) out = xForwardedLines(head, context)
  if (context.more !== null) out += moreLines(head, context, context.more)
  if (context.forwarded) out += `Forwarded: ${elementFor(head, context)}\r\n`
  if (context.viaRequest && context.via !== '') out += `Via: ${viaMember(head.minor, context.via)}\r\n`
  return context.edits === null ? out : context.edits.without(out)
}

/** Our own values only for an untrusted peer; appended to what a trusted peer sent. */
function xForwardedLines({ lines, host }: RequestHead, context: RequestContext): string {
  const address = context.clientAddress === '' ? 'unknown' : context.clientAddress
  const trusted = context.trustedPeer
  let out = 'X-Forwarded-For: '
  if (trusted) {
    const before = lastValue(lines)
    if (before !== '') out += `${before}, `
  }
  out += `${address}\r\n`
  if (host !== '' && !(trusted && lines.find(ID['x-forwarded-host']) >= 0)) out += `X-Forwarded-Host: ${host}\r\n`
  if (!(trusted && lines.find(ID['x-forwarded-proto']) >= 0)) out += `X-Forwarded-Proto: ${context.scheme}\r\n`
  return out
}

/** The value of the last X-Forwarded-For line. */
function lastValue(lines: RequestHead['lines']): string {
  let value = ''
  for (let i = lines.find(ID['x-forwarded-for']); i >= 0; i = lines.find(ID['x-forwarded-for'], i))
    value = lines.value(i)
  return value
}

function elementFor({ host }: RequestHead, { clientAddress, clientPort, scheme }: RequestContext): string {
  return forwardedElement({ address: clientAddress, port: clientPort, host, scheme })
}
