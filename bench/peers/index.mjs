import { caddy } from './caddy.mjs'
import { haproxy } from './haproxy.mjs'
import { hopwise, hopwiseTwoWorkers } from './hopwise.mjs'
import { httpd } from './httpd.mjs'
import { nginx } from './nginx.mjs'
import { emptyRelay, NODE_PEERS } from './node-peers.mjs'
import { squid } from './squid.mjs'
import { varnish } from './varnish.mjs'

/**
 * A proxy. `missing` says why it cannot run here, '' if it can.
 * @typedef {{ name: string, missing: () => string, version: () => string, jit?: boolean, logs?: boolean,
 *   plainOnly?: boolean, byName?: boolean, packageName?: string,
 *   start: (origin: { port: number, url: string }, options: { log?: string }) => Promise<{ child: object, port: number }> }} Peer
 *   jit: needs a longer warm-up; logs: can write an access log to a file; plainOnly: knows no HTTP; byName: only in rows
 *   that name it
 */

/** @type {Peer[]} */
export const PEERS = [
  nginx,
  haproxy,
  emptyRelay,
  hopwise,
  hopwiseTwoWorkers,
  ...NODE_PEERS,
  httpd,
  caddy,
  squid,
  varnish,
]
