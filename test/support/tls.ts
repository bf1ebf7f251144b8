import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { run } from './child.js'
import { pathOf } from './needs.js'
import { tempFolder } from './temp-folder.js'

export interface Certificate {
  /** PEM, and the file that holds it: it is its own authority, so this is also what to trust. */
  cert: string
  certFile: string
  key: string
}

/** A self-signed certificate for `localhost` and 127.0.0.1, made now by openssl: Node cannot make certificates. */
export async function makeCertificate(t: Test): Promise<Certificate> {
  const folder = tempFolder(t)
  const certFile = join(folder, 'cert.pem')
  const keyFile = join(folder, 'key.pem')
  const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1'
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const { code, err } = await run(t, pathOf('openssl'), [
    ...args,
    '-subj',
    '/CN=localhost',
    '-addext',
    names,
    '-keyout',
    keyFile,
    '-out',
    certFile,
  ])
  if (code !== 0) throw new Error(`openssl made no certificate: ${err}`)
  return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), certFile }
}

/** The part of a certificate that a proxy accepts: it refuses unknown keys. */
export const pairOf = ({ cert, key }: { cert: string; key: string }): { cert: string; key: string } => ({ cert, key })
