import { test } from 'tap'
import { frame } from '../../lib/lab/websocket-frames.js'
import { closeFrame, GOING_AWAY, WebSocketFrames } from '../../lib/wire/websocket-frames.js'

const octets = (text: string): Buffer => Buffer.from(text, 'latin1')
const MASK = octets('abcd')

/** Where each of these frames ends. */
function endsOf(frames: readonly Buffer[]): Set<number> {
  let at = 0
  return new Set([0, ...frames.map(one => (at += one.length))])
}

const payload = (length: number): Buffer => Buffer.alloc(length, 'x')

// All ways in which a length is written, with and without a mask, fragments with a ping between them, RSV bits of
// permessage-deflate.
const STREAMS: Readonly<Record<string, readonly Buffer[]>> = {
  'of a server': [0, 1, 125, 126, 127, 300].map(length => frame('binary', payload(length), null)),
  'of a client': [0, 1, 125, 126, 300].map(length => frame('binary', payload(length), MASK)),
  'in fragments, with a ping between': [
    frame('text', payload(3), null, false),
    frame('ping', payload(0), null),
    frame('continuation', payload(0), null, false),
    frame('continuation', payload(2), null),
  ],
  compressed: [octets('\xc1\x03abc'), octets('\x41\x01x'), octets('\x80\x00')],
  'with lengths that could be shorter': [
    octets('\x82\x7e\x00\x01x'),
    octets('\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x02xy'),
  ],
}

for (const [what, frames] of Object.entries(STREAMS)) {
  test(`RFC 6455 5.2: the ends of frames, ${what}, however the bytes come`, async t => {
    const whole = Buffer.concat(frames)
    const ends = endsOf(frames)
    let wrong = 0
    for (let first = 0; first <= whole.length; first++) {
      for (const second of new Set([first, Math.min(first + 1, whole.length), whole.length])) {
        const reader = new WebSocketFrames()
        for (const [from, to] of [
          [0, first],
          [first, second],
          [second, whole.length],
        ] as const) {
          reader.consume(whole, from, to)
          if (reader.between !== ends.has(to)) wrong++
        }
      }
    }
    t.equal(wrong, 0)
    const reader = new WebSocketFrames()
    for (let at = 0; at < whole.length; at++) {
      reader.consume(whole, at, at + 1)
      if (reader.between !== ends.has(at + 1)) wrong++
    }
    t.equal(wrong, 0, 'an octet at a time')
  })
}

test('a large frame: 64 bits of length, and its payload in pieces', async t => {
  const reader = new WebSocketFrames()
  const head = octets('\x82\x7f\x00\x00\x00\x01\x00\x00\x00\x00')
  reader.consume(head, 0, head.length)
  const piece = Buffer.alloc(2 ** 20)
  for (let nth = 0; nth < 2 ** 12 - 1; nth++) reader.consume(piece, 0, piece.length)
  t.equal(reader.between, false)
  reader.consume(piece, 0, piece.length)
  t.equal(reader.between, true)
})

test('RFC 6455 5.5.1: nothing may follow a close frame', async t => {
  for (const close of [frame('close', payload(0), null), frame('close', octets('\x03\xe8'), MASK)]) {
    const reader = new WebSocketFrames()
    reader.consume(close, 0, close.length - 1)
    t.match(reader, { between: false, closed: false })
    reader.consume(close, close.length - 1, close.length)
    t.match(reader, { between: false, closed: true })
  }
})

test('an impossible length: the end of the frame is unknown', async t => {
  const reader = new WebSocketFrames()
  const wrong = octets('\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff')
  reader.consume(wrong, 0, wrong.length)
  reader.consume(octets('\x81\x00'), 0, 2)
  t.match(reader, { between: false, closed: false })
})

test('RFC 6455 7.4.1: our close frame, of a server and of a client', async t => {
  t.equal(closeFrame(GOING_AWAY, null), '\x88\x02\x03\xe9')
  t.equal(closeFrame(GOING_AWAY, MASK), frame('close', octets('\x03\xe9'), MASK).toString('latin1'))
  const reader = new WebSocketFrames()
  reader.consume(octets(closeFrame(GOING_AWAY, MASK)), 0, 8)
  t.equal(reader.closed, true)
})
