import { test } from 'tap'
import { crc32c } from '../../lib/wire/crc32c.js'

// The vectors of RFC 3720 B.4, and the usual one.
test('CRC32c: known sums', async t => {
  const digits = Buffer.from('123456789')
  t.equal(crc32c(digits, 0, 9), 0xe3069283)
  t.equal(crc32c(Buffer.alloc(32), 0, 32), 0x8a9136aa)
  t.equal(crc32c(Buffer.alloc(32, 0xff), 0, 32), 0x62a8ab43)
  t.equal(crc32c(Buffer.alloc(0), 0, 0), 0)
  t.equal(crc32c(digits, 4, 9, crc32c(digits, 0, 4)), 0xe3069283, 'in two parts')
})
