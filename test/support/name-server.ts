import * as dgram from 'node:dgram'
import { once } from 'node:events'
import * as net from 'node:net'
import type { Test } from 'tap'
import { freePort } from './ports.js'

/** A name server (RFC 1035) over UDP and TCP in this process, with the answers of the test. */
export interface NameServer {
  /** `127.0.0.1:port` */
  readonly nameserver: string
  readonly port: number
  /** The queries, in the order of arrival: `app.test A`, followed by ` tcp` over TCP. */
  readonly asked: string[]
}

/** null: no answer. */
export type Reply = {
  addresses?: readonly string[]
  /** Seconds. */
  ttl?: number
  rcode?: keyof typeof RCODES
  /** UDP: "ask again over TCP". */
  truncated?: boolean
} | null

export type Answering = (name: string, type: 'A' | 'AAAA' | string) => Reply | Promise<Reply>

const RCODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const
const TYPES: Readonly<Record<number, string>> = { 1: 'A', 28: 'AAAA', 33: 'SRV' }

export async function startNameServer(
  t: Test,
  answering: Answering,
  { host = '127.0.0.1', port = 0 } = {},
): Promise<NameServer> {
  for (let tries = 1; ; tries++) {
    try {
      return await start(t, answering, host, port === 0 ? await freePort() : port)
    } catch (error) {
      if (port !== 0 || tries === 5) throw error
    }
  }
}

async function start(t: Test, answering: Answering, host: string, port: number): Promise<NameServer> {
  const asked: string[] = []
  const udp = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 })
  const tcp = net.createServer()
  const sockets = new Set<net.Socket>()
  t.teardown(() => {
    udp.close()
    tcp.close()
    for (const socket of sockets) socket.destroy()
  })
  udp.bind(port, host)
  await once(udp, 'listening')
  tcp.listen(port, host)
  await once(tcp, 'listening')
  const respond = async (query: Buffer, over: 'udp' | 'tcp'): Promise<Buffer | null> => {
    const question = readQuestion(query)
    asked.push(`${question.name} ${question.type}${over === 'tcp' ? ' tcp' : ''}`)
    const reply = await answering(question.name, question.type)
    return reply === null ? null : write(query, question, over === 'tcp' ? { ...reply, truncated: false } : reply)
  }
  udp.on('message', async (query, from) => {
    const answer = await respond(query, 'udp')
    if (answer !== null) udp.send(answer, from.port, from.address, () => {})
  })
  tcp.on('connection', socket => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    let all = Buffer.alloc(0)
    socket.on('data', async bytes => {
      all = Buffer.concat([all, bytes])
      while (all.length >= 2 && all.length >= 2 + all.readUInt16BE(0)) {
        const query = all.subarray(2, 2 + all.readUInt16BE(0))
        all = all.subarray(2 + query.length)
        const answer = await respond(query, 'tcp')
        if (answer === null) continue
        const length = Buffer.alloc(2)
        length.writeUInt16BE(answer.length)
        socket.write(Buffer.concat([length, answer]))
      }
    })
  })
  return { nameserver: `${host}:${port}`, port, asked }
}

interface Question {
  readonly name: string
  readonly type: string
  readonly end: number
}

function readQuestion(query: Buffer): Question {
  const labels: string[] = []
  let at = 12
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const type = query.readUInt16BE(at + 1)
  return { name: labels.join('.').toLowerCase(), type: TYPES[type] ?? String(type), end: at + 5 }
}

function write(query: Buffer, { type, end }: Question, reply: NonNullable<Reply>): Buffer {
  const { addresses = [], ttl = 60, rcode = 'NOERROR', truncated = false } = reply
  const wanted = truncated ? [] : addresses.filter(address => address.includes(':') === (type === 'AAAA'))
  const head = Buffer.alloc(12)
  query.copy(head, 0, 0, 2)
  head.writeUInt16BE(0x8180 | (truncated ? 0x0200 : 0) | RCODES[rcode], 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(type === 'A' || type === 'AAAA' ? wanted.length : 0, 6)
  const records = (type === 'A' || type === 'AAAA' ? wanted : []).map(address => record(address, ttl))
  return Buffer.concat([head, query.subarray(12, end), ...records])
}

function record(address: string, ttl: number): Buffer {
  const data = bytesOf(address)
  const head = Buffer.alloc(12)
  head.writeUInt16BE(0xc00c, 0) // the name of the question
  head.writeUInt16BE(data.length === 4 ? 1 : 28, 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(ttl, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

function bytesOf(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number))
  const [before = '', after] = address.split('::')
  const left = before === '' ? [] : before.split(':')
  const right = after === undefined || after === '' ? [] : after.split(':')
  const groups = after === undefined ? left : [...left, ...Array(8 - left.length - right.length).fill('0'), ...right]
  return Buffer.from(groups.flatMap(group => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]))
}
