import t from 'tap'
import { acceptFor, FrameReader, frame, newKey, newMask, PAYLOAD_BYTES_MAX } from '../../lib/lab/websocket-frames.js'

const MASK = Buffer.from('37fa213d', 'hex')
const HELLO = Buffer.from('Hello')

t.test('the handshake of RFC 6455 1.3', async t => {
  t.equal(acceptFor('dGhlIHNhbXBsZSBub25jZQ=='), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
  t.equal(Buffer.from(newKey(), 'base64').length, 16)
  t.not(newKey(), newKey())
})

t.test('the frames of RFC 6455 5.7, written and read', async t => {
  const cases = [
    ['810548656c6c6f', frame('text', HELLO, null)],
    ['818537fa213d7f9f4d5158', frame('text', HELLO, MASK)],
    ['0103', frame('text', HELLO.subarray(0, 3), null, false), '48656c'],
    ['8002', frame('continuation', HELLO.subarray(3), null), '6c6f'],
    ['890548656c6c6f', frame('ping', HELLO, null)],
    ['8a8537fa213d7f9f4d5158', frame('pong', HELLO, MASK)],
    ['827e0100', frame('binary', Buffer.alloc(256), null), '00'.repeat(256)],
    ['827f0000000000010000', frame('binary', Buffer.alloc(65_536), null), '00'.repeat(65_536)],
  ] as const
  for (const [head, octets, rest = ''] of cases) t.equal(octets.toString('hex'), head + rest)
  t.match(new FrameReader().read(cases[1][1]), [{ opcode: 'text', fin: true, masked: true, payload: HELLO }])
  t.match(new FrameReader().read(cases[2][1]), [{ opcode: 'text', fin: false, masked: false }])
  t.equal(new FrameReader().read(cases[7][1])[0]?.payload.length, 65_536)
})

t.test('a reader finds the frames however the bytes are cut', async t => {
  const sent = [
    frame('ping', HELLO, newMask()),
    frame('text', Buffer.alloc(300, 'x'), newMask()),
    frame('pong', HELLO, null),
  ]
  const octets = Buffer.concat(sent)
  const whole = new FrameReader().read(octets)
  t.strictSame(
    whole.map(({ opcode, masked, payload }) => [opcode, masked, payload.length]),
    [
      ['ping', true, 5],
      ['text', true, 300],
      ['pong', false, 5],
    ],
  )
  const reader = new FrameReader()
  const single = [...octets].flatMap(octet => reader.read(Buffer.from([octet])))
  t.strictSame(single, whole)
  t.strictSame(reader.read(Buffer.from([0x89])), [], 'the first byte of the next one is kept')
  t.match(reader.read(Buffer.from([0])), [{ opcode: 'ping', payload: { length: 0 } }])
})

t.test('bytes that are not a frame are refused', async t => {
  const read = (hex: string) => () => new FrameReader().read(Buffer.from(hex, 'hex'))
  t.throws(read('c100'), { name: 'RangeError', message: /reserved bit/ })
  t.throws(read('8300'), /no opcode 3/)
  t.throws(read('0900'), /ping frame is cut/)
  t.throws(read('897e'), /ping frame is cut/)
  t.throws(read(`827f${(BigInt(PAYLOAD_BYTES_MAX) + 1n).toString(16).padStart(16, '0')}`), /a frame of 1048577 bytes/)
  t.throws(() => frame('ping', Buffer.alloc(126), null), /at most 125 bytes/)
  t.throws(() => frame('close', Buffer.alloc(0), null, false), /is not fragmented/)
  t.not(newMask().toString('hex'), newMask().toString('hex'))
})
