import fc from 'fast-check'
import { type Test, test } from 'tap'
import { crc32c } from '../../lib/wire/crc32c.js'
import { writeIpv4, writeIpv6 } from '../../lib/wire/ip-address.js'
import { ProtocolError } from '../../lib/wire/protocol-error.js'
import {
  BLOCK_BYTES_MAX,
  type ProxiedEnds,
  readProxyPreface,
  writeProxyPreface,
} from '../../lib/wire/proxy-protocol.js'
import { checked, RUNS } from './property.js'

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n'
const REST = 'GET / HTTP/1.1\r\n\r\n'

/** What the bytes mean: `more`, the preface and where it ended, or the error. */
function told(octets: string | Buffer): string {
  const bytes = typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets
  // There are bytes before and after it that must not be read.
  const within = Buffer.concat([Buffer.from('xx'), bytes, Buffer.alloc(300, '\r\n')])
  try {
    const read = readProxyPreface(within, 2, 2 + bytes.length)
    return read.state === 'more' ? 'more' : JSON.stringify([read.next - 2, read.preface])
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    return `${error.section}: ${error.message}`
  }
}

/** Version 2: version and command, family and protocol, what follows; the length is right unless it is given. */
function v2(command: number, family: number, block: Buffer, length = block.length): Buffer {
  return Buffer.concat([
    Buffer.from(SIGNATURE, 'latin1'),
    Buffer.from([command, family, length >> 8, length & 0xff]),
    block,
  ])
}

const tlv = (type: number, value: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 0xff]), value])

const IP4 = Buffer.from([192, 0, 2, 1, 198, 51, 100, 2, 0x1f, 0x90, 0, 80])

/** A preface with a checksum after `block`. */
function summed(block: Buffer, before: Buffer = Buffer.alloc(0), behind: Buffer = Buffer.alloc(0)): Buffer {
  const preface = v2(0x21, 0x11, Buffer.concat([block, before, tlv(3, Buffer.alloc(4)), behind]))
  const at = preface.length - behind.length - 4
  preface.writeUInt32BE(crc32c(preface, 0, preface.length), at)
  return preface
}

function prefixesAreMore(t: Test, octets: Buffer): void {
  for (let length = 0; length < octets.length; length++)
    if (told(octets.subarray(0, length)) !== 'more') t.fail(`${length} bytes of ${octets.length}`)
}

test('version 1', async t => {
  const rows: [string, object | null][] = [
    ['PROXY TCP4 192.0.2.1 198.51.100.2 8080 80\r\n', ends('ipv4', '192.0.2.1', '198.51.100.2')],
    ['PROXY TCP6 2001:DB8:0::1 ::ffff:1.2.3.4 8080 80\r\n', ends('ipv6', '2001:db8::1', '::ffff:1.2.3.4')],
    ['PROXY UNKNOWN\r\n', null],
    ['PROXY UNKNOWN \0 what ever 1 2\xff\r\n', null],
  ]
  for (const [line, expected] of rows) {
    t.equal(told(`${line}${REST}`), JSON.stringify([line.length, { version: 1, ends: expected }]), line)
    prefixesAreMore(t, Buffer.from(line, 'latin1'))
  }
})

function ends(family: string, source: string, destination: string) {
  return { family, source, sourcePort: 8080, destination, destinationPort: 80 }
}

test('version 1: everything else is refused', async t => {
  const address = '192.0.2.1 198.51.100.2'
  const rows: [string, RegExp][] = [
    [REST, /expected a preface, got "G" \(0x47\) at byte 0/],
    ['proxy TCP4', /"p" \(0x70\) at byte 0/],
    ['PROXY\tTCP4', /tab \(0x09\) at byte 5/],
    [`PROXY TCP4 ${address} 1 2\n`, /LF without CR at byte 37/],
    [`PROXY TCP4 ${address} 1 2\r\r\n`, /CR without LF at byte 37/],
    [`PROXY tcp4 ${address} 1 2\r\n`, /expected TCP4, TCP6 or UNKNOWN, got "tcp4"/],
    ['PROXY UNKNOWNS\r\n', /got "UNKNOWNS"/],
    [`PROXY  TCP4 ${address} 1 2\r\n`, /got ""/],
    [`PROXY UDP4 ${address} 1 2\r\n`, /got "UDP4"/],
    ['PROXY \r\n', /got ""/],
    [`PROXY TCP4 ${address} 1\r\n`, /expected 4 words after TCP4, got 3/],
    [`PROXY TCP4 ${address} 1 2 \r\n`, /after TCP4, got 5/],
    [`PROXY TCP4 ${address}  1\r\n`, /"" is not a port/],
    [`PROXY TCP6 ${address} 1 2\r\n`, /"192.0.2.1" is not an IPv6 address/],
    ['PROXY TCP4 ::1 ::1 1 2\r\n', /"::1" is not an IPv4 address/],
    ['PROXY TCP4 192.0.2.1 198.051.100.2 1 2\r\n', /"198.051.100.2" is not an IPv4 address/],
    [`PROXY TCP4 ${address} 01 2\r\n`, /"01" is not a port/],
    [`PROXY TCP4 ${address} 1 65536\r\n`, /"65536" is not a port/],
    [`PROXY TCP4 ${address} +1 2\r\n`, /"\+1" is not a port/],
    [`PROXY UNKNOWN ${'x'.repeat(92)}`, /longer than 107 bytes/],
    [`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`, /longer than 107 bytes/],
  ]
  for (const [line, expected] of rows) t.match(told(line), expected, line)
  t.match(told(`PROXY UNKNOWN ${'x'.repeat(91)}\r\n`), '[107,', 'the longest one')
  t.equal(told(`PROXY UNKNOWN ${'x'.repeat(91)}\r`), 'more')
})

test('version 2', async t => {
  const IP6 = Buffer.from(`20010db8${'0'.repeat(23)}1${'0'.repeat(31)}11f900050`, 'hex')
  const unix = Buffer.concat([Buffer.alloc(108, '/run/a.sock\0'), Buffer.alloc(108, 'b')])
  const rows: [string, Buffer, unknown][] = [
    ['TCP over IPv4', v2(0x21, 0x11, IP4), ends('ipv4', '192.0.2.1', '198.51.100.2')],
    ['TCP over IPv6', v2(0x21, 0x21, IP6), ends('ipv6', '2001:db8::1', '::1')],
    ['UDP says nothing to us', v2(0x21, 0x12, IP4), null],
    [
      'a unix socket',
      v2(0x21, 0x31, unix),
      { family: 'unix', source: '/run/a.sock', sourcePort: 0, destination: 'b'.repeat(108), destinationPort: 0 },
    ],
    ['LOCAL', v2(0x20, 0x00, Buffer.alloc(0)), null],
    ['LOCAL with something to skip', v2(0x20, 0xff, Buffer.from('anything')), null],
    ['unspecified', v2(0x21, 0x00, Buffer.from('anything')), null],
    ['unspecified protocol', v2(0x21, 0x10, Buffer.alloc(0)), null],
    [
      'TLVs are skipped',
      v2(0x21, 0x11, Buffer.concat([IP4, tlv(4, Buffer.alloc(0)), tlv(0xe0, Buffer.alloc(900, 3))])),
      ends('ipv4', '192.0.2.1', '198.51.100.2'),
    ],
    ['the longest', v2(0x20, 0, Buffer.alloc(BLOCK_BYTES_MAX)), null],
  ]
  for (const [name, octets, expected] of rows) {
    const whole = Buffer.concat([octets, Buffer.from(REST)])
    t.equal(told(whole), JSON.stringify([octets.length, { version: 2, ends: expected }]), name)
    prefixesAreMore(t, octets)
  }
  t.equal(rows.at(-1)?.[1].length, 16 + BLOCK_BYTES_MAX)
})

test('version 2: everything else is refused', async t => {
  const rows: [string | Buffer, RegExp][] = [
    ['\r\n\r\nGET', /"G" \(0x47\) at byte 4/],
    [v2(0x11, 0x11, IP4), /expected version 2, got 1/],
    [v2(0x22, 0x11, IP4), /command 2/],
    [v2(0x21, 0x41, IP4), /unassigned address family and protocol 0x41/],
    [v2(0x21, 0x03, IP4), /protocol 0x03/],
    [v2(0x21, 0x11, Buffer.alloc(0), BLOCK_BYTES_MAX + 1), /4097 bytes, the limit is 4096/],
    [v2(0x21, 0x11, IP4.subarray(1)), /11 bytes are too few/],
    [v2(0x21, 0x31, Buffer.alloc(215)), /215 bytes are too few/],
    [v2(0x21, 0x11, Buffer.concat([IP4, Buffer.from([4, 0])])), /TLV at byte 28/],
    [v2(0x21, 0x11, Buffer.concat([IP4, tlv(4, Buffer.alloc(1)), Buffer.from([4, 0, 1])])), /TLV at byte 32/],
    [v2(0x21, 0x12, Buffer.concat([IP4, Buffer.from([4])])), /TLV at byte 28/],
    [v2(0x21, 0x11, Buffer.concat([IP4, tlv(3, Buffer.alloc(3))])), /one that is not 4 bytes/],
    [v2(0x21, 0x11, Buffer.concat([IP4, tlv(3, Buffer.alloc(4))])), /the checksum is wrong/],
    [summed(IP4, undefined, tlv(3, Buffer.alloc(4))), /one that is not 4 bytes/],
  ]
  for (const [octets, expected] of rows) t.match(told(octets), expected)
})

test('version 2: a checksum, wherever it is, covers everything', async t => {
  for (const preface of [summed(IP4), summed(IP4, tlv(2, Buffer.from('a.example')), tlv(4, Buffer.alloc(5)))]) {
    t.match(told(preface), `[${preface.length},`)
    for (const at of [12 + 4, preface.length - 1]) {
      const changed = Buffer.from(preface)
      changed[at] = changed[at]! ^ 1
      t.match(told(changed), /checksum is wrong/)
    }
  }
})

test('written', async t => {
  const text = (version: 1 | 2, ends: ProxiedEnds | 'local') => writeProxyPreface(version, ends).toString('latin1')
  const of = (source: string, destination: string) => ({ source, sourcePort: 8080, destination, destinationPort: 80 })
  t.equal(text(1, of('192.0.2.1', '198.51.100.2')), 'PROXY TCP4 192.0.2.1 198.51.100.2 8080 80\r\n')
  t.equal(text(1, of('::ffff:192.0.2.1', '198.51.100.2')), 'PROXY TCP4 192.0.2.1 198.51.100.2 8080 80\r\n')
  t.equal(text(1, of('192.0.2.1', '2001:db8::2')), 'PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 8080 80\r\n')
  t.equal(text(1, of('fe80::1%eth0', 'fe80::2%eth0')), 'PROXY TCP6 fe80::1 fe80::2 8080 80\r\n')
  t.equal(text(1, of('', '/run/hopwise.sock')), 'PROXY UNKNOWN\r\n')
  t.equal(text(1, of('192.0.2.1', '')), 'PROXY UNKNOWN\r\n')
  t.equal(text(1, 'local'), 'PROXY UNKNOWN\r\n')
  t.equal(text(2, 'local'), `${SIGNATURE}\x20\0\0\0`)
  t.equal(text(2, of('', '/run/hopwise.sock')), `${SIGNATURE}\x20\0\0\0`)
  t.equal(text(2, of('192.0.2.1', '198.51.100.2')), `${SIGNATURE}\x21\x11\0\x0c${IP4.toString('latin1')}`)
})

const port = fc.integer({ min: 0, max: 65_535 })
const octet = fc.integer({ min: 0, max: 255 })
const addressOf = (size: 4 | 16) =>
  fc.array(octet, { minLength: size, maxLength: size }).map(it => (size === 4 ? writeIpv4 : writeIpv6)(it, 0))
const someEnds = fc
  .constantFrom(4 as const, 16 as const)
  .chain(size => fc.tuple(addressOf(size), port, addressOf(size), port))
  .map(([source, sourcePort, destination, destinationPort]) => ({ source, sourcePort, destination, destinationPort }))
const version = fc.constantFrom(1 as const, 2 as const)

checked(
  'what is written reads back equal: the same ends, and nothing after it is touched',
  fc.property(version, someEnds, (nth, of) => {
    const preface = writeProxyPreface(nth, of)
    const family = of.source.includes(':') ? 'ipv6' : 'ipv4'
    const expected = [preface.length, { version: nth, ends: { family, ...of } }]
    return told(Buffer.concat([preface, Buffer.from(REST)])) === JSON.stringify(expected)
  }),
  RUNS * 3,
)

const noise = fc.uint8Array({ maxLength: 60 }).map(it => Buffer.from(it))
const valid = fc.tuple(version, someEnds).map(([nth, of]) => writeProxyPreface(nth, of))
const withTlvs = fc
  .array(fc.tuple(octet, fc.uint8Array({ maxLength: 20 })), { maxLength: 4 })
  .map(all => v2(0x21, 0x11, Buffer.concat([IP4, ...all.map(([type, value]) => tlv(type, Buffer.from(value)))])))
const mutated = fc
  .tuple(fc.oneof(valid, withTlvs), fc.array(fc.tuple(fc.nat(), octet), { maxLength: 3 }))
  .map(([of, all]) => {
    const octets = Buffer.from(of)
    for (const [at, value] of all) octets[at % octets.length] = value
    return octets
  })
const soup = fc
  .array(
    fc.constantFrom(
      'PROXY ',
      'TCP4',
      'TCP6',
      'UNKNOWN',
      ' ',
      '1.2.3.4',
      '::1',
      '80',
      '0',
      '\r\n',
      '\r',
      '\n',
      SIGNATURE,
      '\x21\x11',
      '\x20\0',
      '\0\x0c',
      'x',
    ),
    { maxLength: 12 },
  )
  .map(pieces => Buffer.from(pieces.join(''), 'latin1'))

checked(
  'whatever comes: ProtocolError or nothing, and once there is a result, more bytes change nothing',
  fc.property(fc.oneof(noise, valid, withTlvs, mutated, soup), octets => {
    const whole = told(octets)
    let first = 'more'
    for (let length = 0; length <= octets.length && first === 'more'; length++) first = told(octets.subarray(0, length))
    const isRefused = (is: string) => is.startsWith('PROXY protocol')
    return isRefused(whole) ? isRefused(first) : first === whole
  }),
  RUNS * 10,
)
