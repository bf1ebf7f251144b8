// The lower bound of the table: two reads and two writes in Node with constant strings, and no HTTP at all. Anything that
// a client sends is taken for one request, anything from the origin for its answer; long ones for the row `fields`.
// The additional cost of hopwise is our code.
import * as net from 'node:net'
import { REQUEST_FIELDS, RESPONSE_FIELDS } from '../../fields.mjs'
import { withOnread } from '../../onread.mjs'

const port = Number(process.argv[2])
const REQUEST = request('/small', '')
const REQUEST_LONG = request('/fields', lines(Object.entries(REQUEST_FIELDS)))
const ANSWER = answer('')
const ANSWER_LONG = answer(lines(RESPONSE_FIELDS))
const LONG = 400
const buffer = Buffer.allocUnsafe(65_536)

const server = net.createServer({ pauseOnConnect: true, noDelay: true }, accepted => {
  const client = withOnread(accepted, buffer, length =>
    upstream.write(length < LONG ? REQUEST : REQUEST_LONG, 'latin1'),
  )
  const callback = length => client.write(length < LONG ? ANSWER : ANSWER_LONG, 'latin1')
  const upstream = net.connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer, callback } })
  for (const [one, other] of [
    [client, upstream],
    [upstream, client],
  ]) {
    one.on('error', () => {}).on('close', () => other.destroy())
  }
})
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(JSON.stringify({ msg: 'listening', port: server.address().port }))
})

function request(path, fields) {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${fields}\r\n`
}

function answer(fields) {
  return `HTTP/1.1 200 OK\r\nServer: relay\r\nDate: Tue, 11 Jun 2024 09:30:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n${fields}\r\nhello world\n`
}

function lines(fields) {
  return fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
}
