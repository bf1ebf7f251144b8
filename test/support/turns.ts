import { AsyncResource } from 'node:async_hooks'
import { once } from 'node:events'
import * as net from 'node:net'
import type { RawClient } from './raw-client.js'

// Order instead of time. What a test process sends to itself on loopback is delivered in the order of sending, whatever
// else the machine does: an octet that goes to its peer and back proves that everything sent before has arrived and was read.
// So "nothing comes" is shown by something later that came, and a slow machine only takes longer.

/** What the threads of the pool may still bring. A lookup that hangs is not waited for. */
const IN_THE_POOL = /^(FSReq|CloseReq|GetAddrInfo|GetNameInfo|\w*Job\b)/
const POOL_TURNS_MAX = 500

let pair: Promise<Pair> | undefined

interface Pair {
  near: net.Socket
  far: net.Socket
}

/** One octet through the kernel and back: all events that were due before it have been dealt with. */
async function turn(): Promise<void> {
  pair ??= connected()
  const { near } = await pair
  near.ref()
  near.write('.')
  await once(near, 'data')
  near.unref()
}

/** Both ends are of this process; neither keeps it alive. */
async function connected(): Promise<Pair> {
  const server = net.createServer({ noDelay: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const near = net.connect({ port: (server.address() as net.AddressInfo).port, host: '127.0.0.1', noDelay: true })
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [[net.Socket], unknown]
  server.close()
  far.on('data', octet => far.write(octet)).unref()
  return { near, far }
}

let waiting: Promise<void> = Promise.resolve()

/**
 * Resolves when what was under way in this process has arrived: what was sent on loopback, what it made others send (a
 * chain of so many), and what runs in the pool of threads. It knows nothing of other processes.
 */
export async function settled(turns = 10): Promise<void> {
  // Two who wait at the same time would take each other's octets.
  waiting = waiting.then(async () => {
    for (let nth = 0; nth < turns; nth++) await turn()
    for (let tries = 0; poolIsBusy() && tries < POOL_TURNS_MAX; tries++) {
      await new Promise(done => setTimeout(done, 1))
      for (let nth = 0; nth < turns; nth++) await turn()
    }
  })
  return waiting
}

/** An idle turn is one in which as little is begun as in any; for so many of them nothing was begun by anybody but who looks. */
const IDLE_TURNS = 10
/** What is begun in a turn by who looks may grow, as with a hook of the runner: no work goes on for so many turns in quite the same way. */
const EVEN_TURNS = 2_000

let fewest = Number.POSITIVE_INFINITY
let idling: Promise<void> | null = null

/**
 * Resolves when nobody in this process has begun anything for some turns: however long the chain of those who wait for each other was, it
 * has come to its end. What is begun (a write, a connection, a lookup, a tick) has a number of Node's.
 */
export function idle(): Promise<void> {
  // Two who look at the same time would each take the other for somebody who is at work.
  idling ??= untilIdle().finally(() => {
    idling = null
  })
  return idling
}

async function untilIdle(): Promise<void> {
  for (let idle = 0, even = 0, last = 0, before = lastBegun(); idle < IDLE_TURNS && even < EVEN_TURNS; ) {
    await settled(1)
    const now = lastBegun()
    const begun = now - before
    idle = begun === fewest ? idle + 1 : 0
    even = begun === last ? even + 1 : 0
    fewest = even === EVEN_TURNS ? begun : Math.min(fewest, begun)
    last = begun
    before = now
  }
}

function lastBegun(): number {
  return new AsyncResource('turn', { requireManualDestroy: true }).asyncId()
}

function poolIsBusy(): boolean {
  return process.getActiveResourcesInfo().some(resource => IN_THE_POOL.test(resource))
}

/** Resolves when this has stayed what it is while everything under way arrived: what still has to move waits for something else. */
export async function standstill(what: () => unknown): Promise<void> {
  for (let before: unknown, same = false; !same; ) {
    before = what()
    await settled(20)
    same = what() === before
  }
}

/** Rejects when octets or an end have come that were not there before, once everything under way has arrived. */
export async function silent(peer: RawClient): Promise<void> {
  const before = peer.received.length
  await settled()
  if (peer.received.length > before)
    throw new Error(`Silence was expected, but there came ${JSON.stringify(String(peer.received.subarray(before)))}`)
  if (peer.ended) throw new Error(`Silence was expected, but the peer ended the connection (${peer.ended})`)
}
