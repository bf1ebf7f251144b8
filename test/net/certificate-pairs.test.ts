import { test } from 'tap'
import { certificatePair } from '../../lib/net/client/certificate-pairs.js'
import { makeAuthority } from '../support/certificates.js'
import { needs } from '../support/needs.js'

test(
  'a pair with the same options is made once; another key, certificate or option makes a new one',
  needs('openssl'),
  async t => {
    const authority = await makeAuthority(t)
    const [a, b] = [await authority.issue('a', 'DNS:a.example'), await authority.issue('b', 'DNS:b.example')]
    const first = certificatePair(a, 'certificate 1', {}, '')
    t.match(first, { names: ['a.example'] })
    t.ok(first.validToMs > Date.now())
    const text = (pem: string): string => Buffer.from(pem).toString() // as if read again
    t.equal(certificatePair({ cert: text(a.cert), key: text(a.key) }, 'certificate 7', {}, ''), first)
    t.not(certificatePair(b, 'certificate 1', {}, ''), first)
    t.not(certificatePair(a, 'certificate 1', { minVersion: 'TLSv1.3' }, 'TLSv1.3'), first)
    t.throws(() => certificatePair({ cert: a.cert, key: b.key }, 'certificate 3', {}, ''), {
      name: 'TypeError',
      message: /certificate 3 or its key cannot be used: key values mismatch/,
    })
    t.throws(
      () => certificatePair({ cert: 'x', key: b.key }, 'certificate 3', {}, ''),
      /certificate 3 is not a certificate in PEM format/,
    )
    t.equal(certificatePair(a, 'certificate 1', {}, ''), first, 'an invalid pair changes nothing')
  },
)
