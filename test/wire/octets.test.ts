import { test } from 'tap'
import { describeOctet, FIELD_OCTET, TARGET_OCTET, TCHAR } from '../../lib/wire/octets.js'

const all = Array.from({ length: 256 }, (_, octet) => octet)
const charOf = (octet: number) => String.fromCharCode(octet)

test('the tables agree with the grammar', async t => {
  for (const octet of all) {
    const char = charOf(octet)
    t.equal(
      TCHAR[octet],
      /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(char) ? char.toLowerCase().charCodeAt(0) : 0,
      `TCHAR ${octet}`,
    )
    t.equal(FIELD_OCTET[octet], /[\t\x20-\x7e\x80-\xff]/.test(char) ? 1 : 0, `FIELD_OCTET ${octet}`)
    t.equal(TARGET_OCTET[octet], /[\x21\x22\x24-\x7e]/.test(char) ? 1 : 0, `TARGET_OCTET ${octet}`)
  }
})

test('a byte in words', async t => {
  const words = [0, 9, 10, 13, 32, 1, 0x7f, 0x23, 0xe9].map(describeOctet)
  t.strictSame(words, [
    'NUL (0x00)',
    'tab (0x09)',
    'LF (0x0a)',
    'CR (0x0d)',
    'space (0x20)',
    'control character (0x01)',
    'control character (0x7f)',
    '"#" (0x23)',
    'non-ASCII byte (0xe9)',
  ])
})
