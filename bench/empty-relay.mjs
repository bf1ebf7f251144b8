// The floor of the table: two reads and two writes in Node with constant strings, and no HTTP at all. Whatever a client
// sends is taken for one request, whatever the origin sends for its answer. What hopwise costs above this is our code.
import * as net from 'node:net'

const ORIGIN_PORT = Number(process.argv[2])
const REQUEST = 'GET /small HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nhello world\n'
const buffer = Buffer.allocUnsafe(65_536)

const server = net.createServer({ pauseOnConnect: true, noDelay: true }, accepted => {
  // An accepted socket takes no `onread`; one that is made around its handle does.
  const handle = accepted._handle
  accepted._handle = null
  accepted.destroy()
  const client = new net.Socket({ handle, onread: { buffer, callback: () => upstream.write(REQUEST, 'latin1') } })
  const upstream = net.connect({
    port: ORIGIN_PORT,
    host: '127.0.0.1',
    noDelay: true,
    onread: { buffer, callback: () => client.write(ANSWER, 'latin1') },
  })
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ]) {
    one.on('error', () => {}).on('close', () => other.destroy())
  }
  client.resume()
})
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(JSON.stringify({ msg: 'listening', port: server.address().port }))
})
