import type { ProxyOptions } from '../../proxy/options/proxy-options.js'
import { membersOf } from '../../wire/list.js'
import type { Bench } from '../bench.js'
import { fieldOf, request } from '../client.js'
import type { LabOrigin } from '../origin.js'

/** A wait that is longer than this share of an idle limit is a hang: without a hang an answer takes 1 to 2 ms. */
export const HANG_SHARE = 0.5

/** The number of requests that an origin accepts on one connection, so that its first response says `max=100` (100 more). */
export const RESPONSES_MAX = 101

/** The way in which Netscape asked a proxy to keep the connection. `target`: a path, or an absolute URI for a forward proxy. */
export function askingProxy(target: string): string {
  return request(`GET ${target} HTTP/1.0`, { Host: 'origin', 'Proxy-Connection': 'Keep-Alive' })
}

/** The options of a field of a head, in lower case. */
export function optionsOf(head: string, name: string): string[] {
  return membersOf(fieldOf(head, name)).map(option => option.toLowerCase())
}

/** A client of that time believes that the connection is kept when either field of the response says so. */
export function agrees(head: string): boolean {
  return ['connection', 'proxy-connection'].some(name => optionsOf(head, name).includes('keep-alive'))
}

/** hopwise as a forward proxy that connects only to this machine, with idle limits of so many seconds of the story. */
export function asForwardProxy(bench: Bench, idleS: number, keepsHttp10: boolean): Partial<ProxyOptions> {
  const idleMs = Math.max(1, Math.round(bench.ms(idleS * 1000)))
  return {
    mode: 'forward',
    allow: ['127.0.0.1'],
    only: ['127.0.0.1'],
    forwardHttp10KeepAlive: keepsHttp10,
    clock: bench.clock,
    deadlines: { clientIdleHttp10Ms: idleMs, upstreamIdleMs: idleMs },
  }
}

/** The URI with which a client names the origin to a forward proxy. */
export function uriOf(origin: LabOrigin): string {
  return `http://127.0.0.1:${origin.port}/`
}

/** For readers: with tenths of a ms where they matter. */
export function inMs(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0)
}
