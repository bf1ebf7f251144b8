import * as net from 'node:net'
import type { Test } from 'tap'
import { orderly, until } from './conversation.js'
import { connectRaw, type RawClient } from './raw-client.js'

/**
 * An origin that knows no HTTP: it runs a script for each connection, byte by byte, with FIN and RST where the script says so.
 */
export interface ScriptedOrigin {
  port: number
  /** `http://127.0.0.1:port` */
  url: string
  /** In the order of acceptance. Their names, events, reads and ends are those of a raw client. */
  connections: RawClient[]
  /** Resolves when `count` connections have been accepted. */
  accepted(count: number): Promise<void>
  /** Resets every connection and stops listening. */
  stop(): Promise<void>
}

/** The script of one connection; `nth` counts from 0. When it ends, the connection stays open. */
export type Script = (connection: RawClient, nth: number) => Promise<void> | void

/**
 * Stops with the test. A script that fails fails the test, unless its connection was ended by the peer or by the teardown.
 * @param where a loopback address other than 127.0.0.1, or a port that is free there
 */
export async function scriptedOrigin(
  t: Test,
  script: Script,
  { host = '127.0.0.1', port: wanted = 0 }: { host?: string; port?: number } = {},
): Promise<ScriptedOrigin> {
  const connections: RawClient[] = []
  let stopped = false
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, async socket => {
    const nth = connections.length
    const connection = connectRaw({ port: 0, socket })
    // connectRaw resolves in the same turn for a connected socket, but `connections` must grow in the order of acceptance.
    const client = orderly(await connection)
    connections[nth] = client
    try {
      await script(client, nth)
    } catch (error) {
      if (!stopped && !client.ended) t.fail(`the script of the origin failed on connection ${nth}`, { error })
    }
  })
  await new Promise<void>((done, failed) => server.once('error', failed).listen(wanted, host, done))
  const { port } = server.address() as net.AddressInfo
  const stop = async () => {
    stopped = true
    for (const connection of connections) connection.destroy()
    await new Promise(done => server.close(done))
  }
  t.teardown(stop)
  return {
    port,
    url: `http://${host}:${port}`,
    connections,
    stop,
    async accepted(count) {
      await until(`${count} connections to the origin`, () => connections.length >= count)
    },
  }
}

/** A script that answers each head with the same bytes: `answerAlways('HTTP/1.1 200 OK\r\n…')`. */
export function answerAlways(bytes: string): Script {
  return async connection => {
    for (;;) {
      await connection.readUntil('\r\n\r\n')
      await connection.send(bytes)
    }
  }
}
