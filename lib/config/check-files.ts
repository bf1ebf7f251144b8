import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import * as fs from 'node:fs'
import { createSecureContext } from 'node:tls'
import { readUsersFile } from '../proxy/options/users-file.js'
import { type Complaint, error, warning } from './complaint.js'
import type { Configuration } from './configuration.js'
import { type Path, show } from './findings.js'

const FILE_BYTES_MAX = 10_485_760

export interface CheckedFiles {
  complaints: Complaint[]
  /** The text of each file read, by its absolute name. */
  contents: Record<string, string>
}

/**
 * Checks that the named files exist, can be read, and are what they should be. Returns their texts, so that what is
 * used later is what was checked.
 * @param now in ms, for dates in certificates
 */
export function checkFiles(configuration: Configuration, now: number): CheckedFiles {
  const contents: Record<string, string> = {}
  const read = (file: string, path: Path): Got => {
    const got = readBounded(file, path)
    if ('text' in got) contents[file] = got.text
    return got
  }
  const check = new Check(read, now)
  return {
    complaints: [...check.listeners(configuration), ...check.groups(configuration), ...check.log(configuration)],
    contents,
  }
}

type Got = { text: string } | { complaint: Complaint }

class Check {
  constructor(
    private readonly read: (file: string, path: Path) => Got,
    private readonly now: number,
  ) {}

  *listeners({ listeners }: Configuration): Generator<Complaint> {
    for (const [i, listener] of listeners.entries()) {
      if (listener.mode === 'dumb') continue
      const { tls } = listener
      const path = ['listeners', i]
      for (const [j, { cert, key }] of tls?.certificates.entries() ?? [])
        yield* this.#pair(cert, key, [...path, 'tls', 'certificates', j])
      const ca = tls?.clientCertificates?.ca
      if (ca !== undefined) yield* this.#certificates(ca, [...path, 'tls', 'clientCertificates', 'ca']).complaints
      if (tls?.ciphers !== undefined) yield* checkCiphers(tls.ciphers, [...path, 'tls', 'ciphers'])
      if (listener.mode === 'forward' && listener.users)
        yield* this.#users(listener.users.file, [...path, 'users', 'file'])
    }
  }

  *groups({ upstreams }: Configuration): Generator<Complaint> {
    for (const [name, { tls }] of Object.entries(upstreams)) {
      const path = ['upstreams', name, 'tls']
      if (tls?.ca !== undefined) yield* this.#certificates(tls.ca, [...path, 'ca']).complaints
      if (tls?.cert !== undefined && tls.key !== undefined) yield* this.#pair(tls.cert, tls.key, path)
    }
  }

  log({ logs }: Configuration): Complaint[] {
    const { to } = logs.access
    return to === 'stdout' || to === 'off' ? [] : checkLog(to, ['logs', 'access', 'to'])
  }

  #pair(certFile: string, keyFile: string, path: Path): Complaint[] {
    const { certificates, complaints } = this.#certificates(certFile, [...path, 'cert'])
    const { key, complaint } = this.#key(keyFile, [...path, 'key'])
    const found = [...complaints, ...(complaint ? [complaint] : [])]
    const [first] = certificates
    if (first && key && !first.checkPrivateKey(key)) {
      const whose = `that is for ${show(first.subject.replaceAll('\n', ', '))}; its own certificate must come first in the file`
      found.push(error([...path, 'key'], `${keyFile} is not the key of the certificate in ${certFile}`, whose))
    }
    return found
  }

  #certificates(file: string, path: Path): Certificates {
    const got = this.read(file, path)
    return 'complaint' in got
      ? { certificates: [], complaints: [got.complaint] }
      : readCertificates(got.text, file, path, this.now)
  }

  #key(file: string, path: Path): { key?: KeyObject; complaint?: Complaint } {
    const got = this.read(file, path)
    return 'complaint' in got ? got : readKey(got.text, file, path)
  }

  #users(file: string, path: Path): Complaint[] {
    const got = this.read(file, path)
    return 'complaint' in got ? [got.complaint] : checkUsers(got.text, file, path)
  }
}

/** The text of a file, or the reason why it cannot be read. */
function readBounded(file: string, path: Path): Got {
  try {
    const stats = fs.statSync(file)
    // Reading a pipe or a device could block for ever.
    if (!stats.isFile() && !stats.isDirectory()) return { complaint: error(path, `${file} is not a regular file`) }
    const { size } = stats
    if (size > FILE_BYTES_MAX)
      return { complaint: error(path, `${file} is too large: ${size} bytes`, 'is it the right file?') }
    return { text: fs.readFileSync(file, 'utf8') }
  } catch (cause) {
    const { why, right } = reasonOf(cause)
    return { complaint: error(path, `${file} cannot be read: ${why}`, right) }
  }
}

function reasonOf(cause: unknown): { why: string; right: string } {
  const { code, message } = cause as NodeJS.ErrnoException
  if (code === 'ENOENT')
    return { why: 'there is no such file', right: 'names are relative to the directory of this file' }
  if (code === 'EACCES')
    return { why: 'permission denied', right: 'check its owner and mode, and those of its directories' }
  if (code === 'EISDIR') return { why: 'it is a directory', right: 'name a file in it' }
  return { why: message, right: '' }
}

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g

interface Certificates {
  certificates: X509Certificate[]
  complaints: Complaint[]
}

function readCertificates(text: string, file: string, path: Path, now: number): Certificates {
  const blocks = text.match(BLOCK) ?? []
  if (blocks.length === 0) {
    const key = text.includes('PRIVATE KEY-----')
    return {
      certificates: [],
      complaints: [
        error(
          path,
          `${file} contains no PEM certificate`,
          key ? 'it contains a key: are the two names swapped?' : 'a PEM file has a line -----BEGIN CERTIFICATE-----',
        ),
      ],
    }
  }
  const certificates: X509Certificate[] = []
  const complaints: Complaint[] = []
  for (const [i, block] of blocks.entries()) {
    const nth = blocks.length === 1 ? 'the certificate' : `certificate ${i + 1} of ${blocks.length}`
    try {
      const certificate = new X509Certificate(block)
      certificates.push(certificate)
      complaints.push(...checkDates(certificate, `${nth} in ${file}`, path, now))
    } catch {
      complaints.push(
        error(path, `${nth} in ${file} cannot be read`, 'the text between its BEGIN and END lines is damaged'),
      )
    }
  }
  return { certificates, complaints }
}

function checkDates({ validFrom, validTo }: X509Certificate, what: string, path: Path, now: number): Complaint[] {
  if (Date.parse(validTo) < now)
    return [warning(path, `${what} has expired: it was valid until ${validTo}`, 'renew it: clients refuse it')]
  if (Date.parse(validFrom) > now)
    return [warning(path, `${what} is not valid yet: it is valid from ${validFrom}`, "is this machine's clock right?")]
  return []
}

function readKey(text: string, file: string, path: Path): { key?: KeyObject; complaint?: Complaint } {
  try {
    return { key: createPrivateKey(text) }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const locked = code === 'ERR_MISSING_PASSPHRASE' || text.includes('ENCRYPTED')
    const right = locked
      ? 'hopwise cannot ask for its password: store it without one, readable by this user only'
      : text.includes('-----BEGIN CERTIFICATE-----')
        ? 'it contains a certificate: are the two names swapped?'
        : 'a PEM file has a line -----BEGIN PRIVATE KEY-----'
    return { complaint: error(path, `${file} contains no readable private key`, right) }
  }
}

function checkCiphers(ciphers: string, path: Path): Complaint[] {
  try {
    createSecureContext({ ciphers })
    return []
  } catch {
    return [
      error(path, `OpenSSL finds no cipher in ${show(ciphers)}`, 'see openssl ciphers; separate names with colons'),
    ]
  }
}

function checkUsers(text: string, file: string, path: Path): Complaint[] {
  return readUsersFile(text).problems.map(({ line, message }) => error(path, `line ${line} of ${file}: ${message}`, ''))
}

function checkLog(file: string, path: Path): Complaint[] {
  try {
    fs.accessSync(file, fs.constants.W_OK)
    return fs.statSync(file).isDirectory() ? [error(path, `${file} is a directory`, 'name a file in it')] : []
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code !== 'ENOENT')
      return [
        error(path, `${file} cannot be written: ${code === 'EACCES' ? 'permission denied' : (cause as Error).message}`),
      ]
  }
  const folder = file.slice(0, file.lastIndexOf('/')) || '/'
  try {
    fs.accessSync(folder, fs.constants.W_OK)
    return []
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such directory' : 'permission denied'
    return [error(path, `${file} cannot be created in ${folder}: ${why}`, 'create the directory, or name another')]
  }
}
