import { AsyncResource } from 'node:async_hooks'
import { once } from 'node:events'
import * as net from 'node:net'
import type { RawClient } from './raw-client.js'

// Order instead of time. What a test process sends to itself on loopback is delivered in the order of sending, whatever
// else the machine does: a byte that goes to its peer and back proves that everything sent before has arrived and was read.
// So "nothing arrives" is proved by something later that does arrive, and a slow machine only takes longer.

/** Results that threads of the pool may still deliver. A lookup that hangs is not waited for. */
const IN_THE_POOL = /^(FSReq|CloseReq|GetAddrInfo|GetNameInfo|\w*Job\b)/
const POOL_TURNS_MAX = 500

let pair: Promise<Pair> | undefined

interface Pair {
  near: net.Socket
  far: net.Socket
}

/** One byte through the kernel and back: all events that were due before it have been handled. */
async function turn(): Promise<void> {
  pair ??= connected()
  const { near } = await pair
  near.ref()
  near.write('.')
  await once(near, 'data')
  near.unref()
}

/** Both ends are in this process; neither keeps it alive. */
async function connected(): Promise<Pair> {
  const server = net.createServer({ noDelay: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const near = net.connect({ port: (server.address() as net.AddressInfo).port, host: '127.0.0.1', noDelay: true })
  const [[far]] = (await Promise.all([once(server, 'connection'), once(near, 'connect')])) as [[net.Socket], unknown]
  server.close()
  far.on('data', byte => far.write(byte)).unref()
  return { near, far }
}

let waiting: Promise<void> = Promise.resolve()

/**
 * Resolves when everything in transit in this process has arrived: what was sent on loopback, what that caused others to send
 * (a chain of up to `turns`), and what runs in the thread pool. It knows nothing of other processes.
 */
export async function settled(turns = 10): Promise<void> {
  // Two concurrent waits would take each other's bytes.
  waiting = waiting.then(async () => {
    for (let nth = 0; nth < turns; nth++) await turn()
    for (let tries = 0; poolIsBusy() && tries < POOL_TURNS_MAX; tries++) {
      await new Promise(done => setTimeout(done, 1))
      for (let nth = 0; nth < turns; nth++) await turn()
    }
  })
  return waiting
}

/** An idle turn is one with the fewest new operations of all; after this many in a row only this watcher has begun anything. */
const IDLE_TURNS = 10
/**
 * The watcher's own operations per turn may grow, for example through a hook of the runner: no real work continues for this
 * many turns in exactly the same way.
 */
const EVEN_TURNS = 2_000

let fewest = Number.POSITIVE_INFINITY
let idling: Promise<void> | null = null

/**
 * Resolves when nothing in this process has begun an operation for some turns: any chain of operations that wait for each
 * other, however long, has ended. Node numbers each operation (a write, a connection, a lookup, a tick).
 */
export function idle(): Promise<void> {
  // Two concurrent watchers would each mistake the other for work.
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

/**
 * Resolves when the value has not changed while everything in transit arrived: what has still to move waits for something else.
 */
export async function standstill(what: () => unknown): Promise<void> {
  for (let before: unknown, same = false; !same; ) {
    before = what()
    await settled(20)
    same = what() === before
  }
}

/** Rejects when new bytes or an end have arrived, once everything in transit has arrived. */
export async function silent(peer: RawClient): Promise<void> {
  const before = peer.received.length
  await settled()
  if (peer.received.length > before)
    throw new Error(`Silence was expected, but received ${JSON.stringify(String(peer.received.subarray(before)))}`)
  if (peer.ended) throw new Error(`Silence was expected, but the peer ended the connection (${peer.ended})`)
}
