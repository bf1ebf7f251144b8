// An origin on bare sockets: it counts and discards the content it receives, and answers when the request is complete
// (nginx as an origin answers earlier, which is a different kind of exchange). It does not validate what proxies send.
import * as net from 'node:net'
import { RESPONSE_FIELDS } from '../fields.mjs'
import { withOnread } from '../onread.mjs'

const FIELDS = RESPONSE_FIELDS.map(([name, value]) => `${name}: ${value}\r\n`).join('')
const CHUNK = `1000\r\n${'y'.repeat(4096)}\r\n`
const ANSWERS = {
  '/small': answer('hello world\n'),
  '/fields': answer('hello world\n', FIELDS),
  '/post': answer('{"ok":true,"id":"5f1c190a"}'),
  '/upload': answer('taken\n'),
  '/chunked': `${head('Transfer-Encoding: chunked\r\n')}${CHUNK.repeat(4)}0\r\n\r\n`,
  '/64k': Buffer.from(answer('x'.repeat(65_536)), 'latin1'),
  '/10m': Buffer.from(answer('x'.repeat(10 * 2 ** 20)), 'latin1'),
  '/32m': Buffer.from(answer('x'.repeat(32 * 2 ** 20)), 'latin1'),
}
const buffer = Buffer.allocUnsafe(256 * 1024)
let taken = 0

class Conversation {
  constructor(socket) {
    this.socket = withOnread(socket, buffer, length => this.read(length))
    this.socket.on('error', () => {})
    this.startRequest()
  }

  startRequest() {
    this.head = ''
    this.path = ''
    this.left = 0
    this.line = ''
    this.step = this.readHead
  }

  read(length) {
    let at = 0
    while (at < length) at = this.step(at, length)
    return true
  }

  readHead(at, length) {
    const before = this.head.length
    this.head += buffer.latin1Slice(at, length)
    const end = this.head.indexOf('\r\n\r\n', Math.max(0, before - 3))
    if (end < 0) return length
    this.path = this.head.slice(this.head.indexOf(' ') + 1, this.head.indexOf(' HTTP/'))
    this.left = Number(/\r\ncontent-length: *(\d+)/i.exec(this.head)?.[1] ?? 0)
    if (/\r\nexpect: *100-continue/i.test(this.head)) this.socket.write('HTTP/1.1 100 Continue\r\n\r\n')
    if (/\r\ntransfer-encoding: *chunked/i.test(this.head)) this.step = this.readChunkLine
    else if (this.left > 0) this.step = this.readContent
    else this.answer()
    return at + end + 4 - before
  }

  readContent(at, length) {
    const end = Math.min(length, at + this.left)
    taken += end - at
    this.left -= end - at
    if (this.left === 0) this.answer()
    return end
  }

  readChunkLine(at, length) {
    const [line, end] = this.readLine(at, length)
    if (line === undefined) return end
    this.left = Number.parseInt(line, 16)
    this.step = this.left > 0 ? this.readChunk : this.readTrailer
    return end
  }

  readChunk(at, length) {
    const end = Math.min(length, at + this.left)
    taken += end - at
    this.left -= end - at
    if (this.left === 0) this.step = this.readChunkEnd
    return end
  }

  readChunkEnd(at, length) {
    const [line, end] = this.readLine(at, length)
    if (line !== undefined) this.step = this.readChunkLine
    return end
  }

  readTrailer(at, length) {
    const [line, end] = this.readLine(at, length)
    if (line === '') this.answer()
    return end
  }

  readLine(at, length) {
    const end = buffer.subarray(0, length).indexOf(10, at)
    this.line += buffer.latin1Slice(at, end < 0 ? length : end)
    if (end < 0) return [undefined, length]
    const line = this.line.replace(/\r$/, '')
    this.line = ''
    return [line, end + 1]
  }

  answer() {
    const wanted = this.path.startsWith('/octets') ? answer(String(taken)) : (ANSWERS[this.path] ?? ANSWERS['/small'])
    this.socket.write(wanted, 'latin1')
    // A proxy that does not keep the connection says so, and waits for our end.
    if (/\r\nconnection: *close/i.test(this.head)) this.socket.end()
    this.startRequest()
  }
}

function answer(content, fields = '') {
  return `${head(`Content-Length: ${content.length}\r\n${fields}`)}${content}`
}

function head(fields) {
  return `HTTP/1.1 200 OK\r\nServer: raw\r\nDate: Tue, 11 Jun 2024 09:30:00 GMT\r\nContent-Type: text/plain\r\n${fields}\r\n`
}

const server = net.createServer({ pauseOnConnect: true, noDelay: true }, socket => new Conversation(socket))
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(JSON.stringify({ msg: 'listening', port: server.address().port }))
})
