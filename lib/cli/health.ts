import * as http from 'node:http'
import * as https from 'node:https'
import { writeAddress } from '../daemon/run.js'
import type { Given } from './given.js'
import { UsageError } from './usage-error.js'
import { readListen } from './values.js'

export interface Health {
  healthy: boolean
  /** One sentence for people. */
  sentence: string
}

/** Asks once and judges the answer. @throws UsageError */
export function checkHealth(given: Given): Promise<Health> {
  const text = given.text('url') ?? ownAddress(given)
  if (text === undefined) throw new UsageError('hopwise health wants a URL: hopwise health http://127.0.0.1:8080/.')
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new UsageError(`${given.where('url')} "${text}" is no http:// or https:// URL.`)
  const timeoutMs = given.whole('timeout-ms', { min: 1, max: 2_147_483_647, unit: 'milliseconds' }) ?? 3_000
  return ask(url, timeoutMs, given.flag('self') === true)
}

/** In a container the proxy and its health check have one environment: HOPWISE_LISTEN says where to ask. */
function ownAddress(given: Given): string | undefined {
  const text = given.text('listen')
  if (text === undefined) return undefined
  const { host, port } = readListen(given.where('listen'), text)
  const everywhere = host === undefined || host === '0.0.0.0' || host === '::'
  return `http://${writeAddress(everywhere ? '127.0.0.1' : host, port)}/`
}

/**
 * A GET, or for `self` the question that a proxy must answer by itself: OPTIONS * with Max-Forwards: 0
 * (RFC 9110 7.6.2), so that a dead upstream does not look like a dead proxy. Well is 2xx and 3xx, within `timeoutMs`.
 */
function ask(url: URL, timeoutMs: number, self: boolean): Promise<Health> {
  // As it is shown: without a password.
  const shown = self ? `The proxy at ${url.origin}` : `${url.origin}${url.pathname}`
  const began = performance.now()
  return new Promise(resolve => {
    const is = (healthy: boolean, what: string) => {
      clearTimeout(timer)
      request.destroy()
      resolve({ healthy, sentence: `${shown} ${what}.` })
    }
    const fields = { Connection: 'close', 'User-Agent': 'hopwise-health', ...(self ? { 'Max-Forwards': '0' } : {}) }
    const request = (url.protocol === 'https:' ? https : http).request(url, {
      method: self ? 'OPTIONS' : 'GET',
      ...(self ? { path: '*' } : {}),
      headers: fields,
      agent: false,
    })
    const timer = setTimeout(() => is(false, `did not answer within ${timeoutMs} ms`), timeoutMs)
    request.on('response', ({ statusCode = 0 }) => {
      const ms = Math.round(performance.now() - began)
      // A proxy that asks who we are is awake, too.
      const awake = self && statusCode === 407
      is(awake || (statusCode >= 200 && statusCode < 400), `answered ${statusCode} after ${ms} ms`)
    })
    // Switching protocols is not what was asked for.
    request.on('upgrade', () => is(false, 'answered 101'))
    request.on('error', error => is(false, `cannot be asked: ${reason(error)}`))
    request.end()
  })
}

function reason(error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNREFUSED') return 'nobody listens there'
  if (error.code === 'ECONNRESET') return 'the connection ended without an answer'
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return 'its name cannot be resolved'
  // Of several addresses tried, the messages stand inside; of a parser, the message is a sentence already.
  return (error.message || error.code || 'nobody knows why').replace(/\.$/, '')
}
