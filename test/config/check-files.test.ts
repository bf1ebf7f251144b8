import * as fs from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { readConfiguration } from '../../lib/config/read.js'
import { run } from '../support/child.js'
import { needs, pathOf } from '../support/needs.js'
import { tempFolder } from '../support/temp-folder.js'

const OPENSSL = needs('openssl')

interface Made {
  folder: string
  /** Writes a file into the folder. */
  write(name: string, text: string): void
  text(name: string): string
  /** `path | message | hint`, without the folder. */
  said(configuration: string, now?: number): string[]
}

/** A folder with a certificate and its key (a.pem, a.key), and another pair (b). */
async function prepare(t: Test): Promise<Made> {
  const folder = tempFolder(t)
  const text = (name: string) => fs.readFileSync(join(folder, name), 'utf8')
  const write = (name: string, content: string) => fs.writeFileSync(join(folder, name), content)
  for (const name of ['a', 'b']) {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)]
    const { code, err } = await run(t, pathOf('openssl'), [
      'req',
      '-x509',
      ...curve,
      '-subj',
      `/CN=${name}.example`,
      ...files,
    ])
    if (code !== 0) throw new Error(err)
  }
  const said = (configuration: string, now = Date.now()) => {
    write('hopwise.yaml', configuration)
    return readConfiguration(join(folder, 'hopwise.yaml'), { environment: {}, now }).findings.map(
      ({ severity, path, message, hint }) => `${severity} ${path} | ${message} | ${hint}`.replaceAll(`${folder}/`, ''),
    )
  }
  return { folder, write, text, said }
}

const tls = (cert: string, key: string, rest = '') =>
  `listeners: [{ address: 127.0.0.1:0, routes: [{ upstream: http://a }], tls: { certificates: [{ cert: ${cert}, key: ${key} }]${rest} } }]\n`
const CERT = 'listeners[0].tls.certificates[0].cert'
const KEY = 'listeners[0].tls.certificates[0].key'

test('certificates and keys', OPENSSL, async t => {
  const { write, text, said, folder } = await prepare(t)
  t.same(said(tls('a.pem', 'a.key')), [])
  write('chain.pem', `${text('a.pem')}${text('b.pem')}`)
  t.same(said(tls('chain.pem', 'a.key')), [], 'with its chain')
  t.same(said(tls('a.pem', 'b.key')), [
    `error ${KEY} | b.key is not the key of the certificate in a.pem | that is for "CN=a.example"; its own certificate must come first in the file`,
  ])
  t.same(said(tls('a.key', 'a.pem')), [
    `error ${CERT} | a.key contains no PEM certificate | it contains a key: are the two names swapped?`,
    `error ${KEY} | a.pem contains no readable private key | it contains a certificate: are the two names swapped?`,
  ])
  t.same(said(tls('none.pem', '.')), [
    `error ${CERT} | none.pem cannot be read: there is no such file | names are relative to the directory of this file`,
    `error ${KEY} | ${folder} cannot be read: it is a directory | name a file in it`,
  ])
  write('empty', '')
  t.match(said(tls('empty', 'empty')), [
    /contains no PEM certificate \| a PEM file has a line/,
    /no readable private key.*PEM file has a line/,
  ])
  write('damaged.pem', text('a.pem').replace(/M/g, '!'))
  t.match(said(tls('damaged.pem', 'a.key')), [/the certificate in damaged\.pem cannot be read \| the text between/])
  t.match(said(tls('/dev/zero', 'a.key')), [/is not a regular file/])
  write('huge', 'x'.repeat(10_485_761))
  t.match(said(tls('huge', 'a.key')), [/huge is too large: 10485761 bytes/])
})

test('a key with a password, which hopwise cannot ask for', OPENSSL, async t => {
  const { folder, said } = await prepare(t)
  const words = [
    'pkcs8',
    '-topk8',
    '-in',
    join(folder, 'a.key'),
    '-passout',
    'pass:x',
    '-out',
    join(folder, 'locked.key'),
  ]
  t.equal((await run(t, pathOf('openssl'), words)).code, 0)
  t.match(said(tls('a.pem', 'locked.key')), [/store it without one/])
})

test('dates are warnings: a certificate may be renewed while hopwise runs', OPENSSL, async t => {
  const { said } = await prepare(t)
  const day = 86_400_000
  t.match(said(tls('a.pem', 'a.key'), Date.now() + 3 * day), [
    /^warning .*cert \| the certificate in a\.pem has expired: it was valid until .* \| renew it/,
  ])
  t.match(said(tls('a.pem', 'a.key'), Date.now() - 3 * day), [
    /^warning .*cert \| the certificate in a\.pem is not valid yet/,
  ])
})

test('authorities, ciphers, and client certificates for upstreams', OPENSSL, async t => {
  const { said } = await prepare(t)
  t.same(said(tls('a.pem', 'a.key', ', clientCertificates: { ca: b.pem }, ciphers: ECDHE-RSA-AES128-GCM-SHA256')), [])
  t.match(said(tls('a.pem', 'a.key', ', clientCertificates: { ca: b.key }')), [
    /^error listeners\[0\]\.tls\.clientCertificates\.ca \| b\.key contains no PEM/,
  ])
  t.match(said(tls('a.pem', 'a.key', ', ciphers: NONSENSE')), [/tls\.ciphers \| OpenSSL finds no cipher in "NONSENSE"/])
  const group = (text: string) =>
    said(
      `listeners: [{ address: 127.0.0.1:0, routes: [{ upstream: g }] }]\nupstreams: { g: { servers: [https://a], tls: ${text} } }\n`,
    )
  t.same(group('{ ca: a.pem, cert: b.pem, key: b.key }'), [])
  t.match(group('{ ca: a.key, cert: b.pem, key: a.key }'), [
    /upstreams\.g\.tls\.ca \| a\.key contains no PEM/,
    /upstreams\.g\.tls\.key \| a\.key is not the key/,
  ])
})

test('the texts of the files come with the configuration: what was checked is used', OPENSSL, async t => {
  const { folder, said, text } = await prepare(t)
  said(tls('a.pem', 'a.key'))
  const { contents } = readConfiguration(join(folder, 'hopwise.yaml'), { environment: {} })
  t.same(contents, { [join(folder, 'a.pem')]: text('a.pem'), [join(folder, 'a.key')]: text('a.key') })
})

test('users', async t => {
  const folder = tempFolder(t)
  const file = join(folder, 'hopwise.yaml')
  fs.writeFileSync(file, 'listeners: [{ address: 127.0.0.1:0, mode: forward, users: { file: users.txt } }]\n')
  const said = (users: string) => {
    fs.writeFileSync(join(folder, 'users.txt'), users)
    return readConfiguration(file, { environment: {} }).findings.map(({ message }) =>
      message.replaceAll(`${folder}/`, ''),
    )
  }
  const hash = `$scrypt$ln=15,r=8,p=1$${'A'.repeat(22)}$${'B'.repeat(43)}`
  t.same(said(`# who may\n\nann:${hash}\nbob:${hash}\r\n`), [])
  t.same(said('# nobody\n'), ['line 1 of users.txt: the file has no users: add one with hopwise password'])
  t.same(
    said(`ann:${hash}\nbob:sesame\n`),
    ['line 2 of users.txt: the text after the colon is not a hopwise hash: make one with hopwise password'],
    'without the text itself',
  )
  t.same(said(`:${hash}`), ['line 1 of users.txt: the line is not user:hash: make it with hopwise password'])
  t.same(said(`ann:${hash}\nann:${hash}\n`), [
    'line 2 of users.txt: the user is already in line 1: remove one of the two lines',
  ])
})

test('where the access log goes', async t => {
  const folder = tempFolder(t)
  const file = join(folder, 'hopwise.yaml')
  const said = (to: string) => {
    fs.writeFileSync(file, `listeners: [{ address: 127.0.0.1:0, mode: forward }]\nlogs: { access: { to: ${to} } }\n`)
    return readConfiguration(file, { environment: {} }).findings.map(({ message }) => message.replaceAll(folder, ''))
  }
  for (const to of ['stdout', 'off', 'access.log', '/dev/null']) t.same(said(to), [], to)
  fs.writeFileSync(join(folder, 'old.log'), '')
  t.same(said('old.log'), [])
  t.same(said('.'), [' is a directory'])
  t.match(said('none/access.log'), [/cannot be created in \/none: there is no such directory/])
})
