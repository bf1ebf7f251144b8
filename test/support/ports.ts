import * as net from 'node:net'

/**
 * A loopback port that was free a moment ago, for programs that do not support port 0. Another process may take it in between:
 * then try again.
 */
export async function freePort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as net.AddressInfo
  await new Promise(done => server.close(done))
  return port
}
