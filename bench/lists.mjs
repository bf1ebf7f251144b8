// The cost of certificates and lists of addresses, by their number: `npm run build && node bench/lists.mjs [most]`.
// It takes a minute, without load and without a port.

import { execFileSync } from 'node:child_process'
import { sign } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { BlockList } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SecureAccept } from '../dist/lib/net/client/secure-accept.js'
import { ServerNames } from '../dist/lib/net/client/server-names.js'
import { TrustedPeers } from '../dist/lib/net/client/trusted-peers.js'
import { Destinations } from '../dist/lib/net/upstream/destinations.js'

const MOST = Number(process.argv[2] ?? 10_000)
const SIZES = [1, 10, 100, 1_000, 10_000].filter(size => size <= MOST)

/** CPU of this process in microseconds for one of `times` calls; the best of `rounds`. */
function cost(times, what, rounds = 5) {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage()
    for (let nth = 0; nth < times; nth++) what(nth)
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / times)
  }
  return best
}

const show = us =>
  us >= 10_000
    ? `${(us / 1000).toFixed(0)} ms`
    : us >= 1000
      ? `${(us / 1000).toFixed(1)} ms`
      : `${us.toFixed(us < 10 ? 1 : 0)} µs`
const row = cells => console.log(`| ${cells.join(' | ')} |`)
const table = (head, rows) => {
  row(head)
  row(head.map(() => '---'))
  for (const cells of rows) row(cells)
  console.log('')
}

// Certificates --------------------------------------------------------------------------------------------------------

/** Certificates of one key (ECDSA P-256), each for its own name: one made by openssl, with the name replaced, signed again. */
function certificates() {
  const folder = mkdtempSync(join(tmpdir(), 'hopwise-lists-'))
  const [keyFile, certFile] = [join(folder, 'k.pem'), join(folder, 'c.pem')]
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile, '-out', certFile]
  const named = ['-subj', '/CN=h00000.example', '-addext', 'subjectAltName=DNS:h00000.example', '-days', '30']
  execFileSync('openssl', ['req', '-x509', ...made, ...named], { stdio: 'ignore' })
  const key = readFileSync(keyFile, 'utf8')
  const der = Buffer.from(readFileSync(certFile, 'utf8').replace(/-----[^-]*-----|\s/g, ''), 'base64')
  rmSync(folder, { recursive: true })
  const tbs = element(der, bodyAt(der, 0))
  const algorithm = element(der, bodyAt(der, 0) + tbs.length)
  return nth => {
    const own = Buffer.from(tbs.toString('latin1').replaceAll('h00000', `h${String(nth).padStart(5, '0')}`), 'latin1')
    const signature = wrap(0x03, Buffer.concat([Buffer.of(0), sign('sha256', own, key)]))
    const base64 = wrap(0x30, Buffer.concat([own, algorithm, signature])).toString('base64')
    return {
      cert: `-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`,
      key,
    }
  }
}

/** Where the content of a DER element begins, and the whole element. */
function bodyAt(der, at) {
  return at + 2 + (der[at + 1] < 0x80 ? 0 : der[at + 1] & 0x7f)
}

function element(der, at) {
  const lengthBytes = der[at + 1] & 0x7f
  const length = der[at + 1] < 0x80 ? der[at + 1] : der.readUIntBE(at + 2, lengthBytes)
  return der.subarray(at, bodyAt(der, at) + length)
}

function wrap(tag, body) {
  const head = body.length < 0x80 ? [tag, body.length] : [tag, 0x82, body.length >> 8, body.length & 0xff]
  return Buffer.concat([Buffer.from(head), body])
}

function ofCertificates() {
  const make = certificates()
  const rest = { minVersion: 'TLSv1.2', ciphers: '', clientCertificates: null, handshakeMs: 10_000 }
  const rows = SIZES.map(size => {
    const pairs = Array.from({ length: size }, (_, nth) => make(nth + size)) // no size shares pairs with another
    const copy = () => JSON.parse(JSON.stringify({ ...rest, certificates: pairs }))
    const kept = []
    const memory = process.memoryUsage.rss()
    const start = cost(1, () => kept.push(new SecureAccept(copy())), 1)
    const held = process.memoryUsage.rss() - memory
    const settings = Array.from({ length: 5 }, copy)
    const again = cost(1, () => kept.push(new SecureAccept(settings.pop())))
    const changed = Array.from({ length: 5 }, (_, nth) => ({
      ...copy(),
      certificates: [...pairs.slice(1), make(90_000 + nth)],
    }))
    const one = cost(1, () => kept.push(new SecureAccept(changed.pop())))
    const names = new ServerNames()
    for (const { names: own } of kept[0].certificates) names.add(own, own)
    const choose = cost(100_000, nth => names.find(`h${String((nth % size) + size).padStart(5, '0')}.example`))
    return [
      size.toLocaleString('en'),
      show(start),
      show(again),
      show(one),
      show(choose),
      `${(held / 1_048_576).toFixed(0)} MiB`,
    ]
  })
  table(
    ['certificates', 'at start', 'at a reload, all unchanged', '… one of them new', 'choosing one (SNI)', 'memory'],
    rows,
  )
}

// Lists ---------------------------------------------------------------------------------------------------------------

function ofLists() {
  const address = nth => `10.${(nth >> 8) & 255}.${nth & 255}.${(nth * 7) & 255}`
  const rows = SIZES.map(size => {
    const blocks = Array.from({ length: size }, (_, nth) =>
      nth % 10 === 9 ? `2001:db8:${nth.toString(16)}::/48` : `10.${nth >> 8}.${nth & 255}.0/25`,
    )
    const names = Array.from({ length: size }, (_, nth) => `*.h${nth}.example`)
    const build = cost(1, () => new TrustedPeers(blocks))
    const peers = new TrustedPeers(blocks)
    const asked = cost(20_000, nth => peers.has(address(nth)))
    const six = cost(20_000, nth => peers.has(`2001:db8:${(nth % 20_000).toString(16)}::1`))
    const before = new BlockList()
    for (const block of blocks) {
      const [network, bits] = block.split('/')
      before.addSubnet(network, Number(bits), network.includes(':') ? 'ipv6' : 'ipv4')
    }
    const linear = cost(Math.max(20, 20_000 / size), nth => before.check(address(nth), 'ipv4'))
    const destinations = new Destinations([], [], [...blocks, ...names])
    const resolved = [{ address: '192.0.1.9', family: 4 }]
    const judged = cost(5_000, nth => destinations.check(`a.h${nth % (2 * size)}x.example`, resolved))
    return [size.toLocaleString('en'), show(build), show(asked), show(six), show(linear), show(judged)]
  })
  table(
    [
      'rows',
      'at start and at a reload',
      'IPv4 client',
      'IPv6 client',
      "(IPv4, Node's `BlockList`)",
      'a destination, in a list of as many names',
    ],
    rows,
  )
}

ofCertificates()
ofLists()
