import { test } from 'tap'
import { isKnownHost } from '../../lib/pages/host-check.js'

const NAMES = new Set(['hopwise', 'admin.internal'])

const ROWS: readonly (readonly [host: string, known: boolean])[] = [
  ['127.0.0.1', true],
  ['127.0.0.1:9090', true],
  ['10.1.2.3:9090', true],
  ['[::1]:9090', true],
  ['[2001:db8::7]', true],
  ['localhost', true],
  ['LOCALHOST:9090', true],
  ['hopwise:9090', true],
  ['Admin.Internal', true],
  ['rebound.example', false],
  ['127.0.0.1.rebound.example', false],
  ['localhost.rebound.example:9090', false],
  ['hopwise.example', false],
  ['user@127.0.0.1', false],
  ['127.0.0.1/x', false],
  ['127.1', false],
  ['0x7f000001', false],
  ['[127.0.0.1]', false],
  ['[::1', false],
  ['::1', false],
  ['', false],
  ['127.0.0.1:port', false],
  ['127.0.0.1:9090:9090', false],
]

test('addresses, localhost and the names in the file are accepted, nothing else', async t => {
  for (const [host, known] of ROWS) t.equal(isKnownHost(host, NAMES), known, JSON.stringify(host))
})
