import { test } from 'tap'
import { methodOf } from '../../lib/wire/method.js'
import { fieldLines, linesOf } from '../policy/heads.js'

const methodIn = (line: string): string => methodOf(linesOf(`${line} / HTTP/1.1\r\nHost: a\r\n\r\n`, true), line.length)

test('R128: any token is a method, as received', async t => {
  const known = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']
  // Of the same length and first letter, a prefix, longer by a multiple of eight, in another case.
  const others = [
    'GOT',
    'get',
    'G',
    'GE',
    'GETS',
    'GETGETGETGE',
    'PUTT',
    'POS',
    'PROPFIND',
    'M-SEARCH',
    'HEAP',
    'Connect',
    'QUERY',
  ]
  for (const method of [...known, ...others, 'x'.repeat(300)]) t.equal(methodIn(method), method)
})

test('a value is compared byte by byte', async t => {
  const lines = fieldLines('Host: a.example', 'X: ', 'Content-Length: 12')
  const says = (i: number, text: string): boolean => lines.says(i, Buffer.from(text))
  t.equal(says(0, 'a.example'), true)
  t.equal(says(0, 'a.exampl'), false)
  t.equal(says(0, 'a.example:'), false)
  t.equal(says(0, 'a.exampla'), false)
  t.equal(says(1, ''), true)
  t.equal(lines.contains(0, 0x2e), true)
  t.equal(lines.contains(1, 0x2e), false)
  t.equal(lines.length(2), 12)
  t.equal(lines.length(0), -1)
})
