import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { run } from './child.js'
import { pathOf } from './needs.js'
import { tempFolder } from './temp-folder.js'

export interface MadeCertificate {
  /** PEM, and the files that hold them. */
  cert: string
  key: string
  certFile: string
  keyFile: string
}

/** An authority for one test: what it issues is valid for a peer that trusts its `certFile`. */
export interface Authority extends MadeCertificate {
  /** @param names for subjectAltName, as `DNS:a.example` and `IP:127.0.0.1`; none: none */
  issue(commonName: string, ...names: string[]): Promise<MadeCertificate>
  /** @param subject in the form of openssl: `/O=Jürg/CN=a` */
  issueTo(subject: string): Promise<MadeCertificate>
}

let made = 0

/** Made now, by openssl: Node cannot make certificates. */
export async function makeAuthority(t: Test, commonName = 'Test authority'): Promise<Authority> {
  const folder = tempFolder(t)
  const authority = await make(t, folder, `/CN=${commonName}`, ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'])
  const signer = ['-CA', authority.certFile, '-CAkey', authority.keyFile]
  return {
    ...authority,
    issueTo: subject => make(t, folder, subject, [...signer, '-addext', 'basicConstraints=CA:false', '-utf8']),
    issue: (name, ...names) => {
      const alternative = names.length === 0 ? [] : ['-addext', `subjectAltName=${names.join(',')}`]
      return make(t, folder, `/O=Tests/CN=${name}`, [...signer, '-addext', 'basicConstraints=CA:false', ...alternative])
    },
  }
}

async function make(t: Test, folder: string, subject: string, args: string[]): Promise<MadeCertificate> {
  const name = `${++made}`
  const [certFile, keyFile, config] = ['cert.pem', 'key.pem', 'conf'].map(end => join(folder, `${name}.${end}`)) as [
    string,
    string,
    string,
  ]
  // The machine's own configuration would add extensions of its own.
  writeFileSync(config, '[req]\ndistinguished_name=dn\n[dn]\n')
  const fixed = [
    'req',
    '-x509',
    '-config',
    config,
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
  ]
  const files = ['-days', '2', '-subj', subject, '-keyout', keyFile, '-out', certFile]
  const { code, err } = await run(t, pathOf('openssl'), [...fixed, ...files, ...args])
  if (code !== 0) throw new Error(`openssl made no certificate: ${err}`)
  return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), certFile, keyFile }
}
