import { test } from 'tap'
import { type HashBy, hashKey } from '../../lib/policy/hash-key.js'
import { fieldLines } from './heads.js'

const ADDRESS = '192.0.2.1'
const rows: [by: HashBy, received: string[], key: string][] = [
  [{ by: 'address' }, ['X-User: u'], ADDRESS],
  [{ by: 'field', name: 'X-User' }, ['A: b', 'x-user: u'], 'u'],
  [{ by: 'field', name: 'X-User' }, ['X-User: u', 'X-User: v'], 'u, v'],
  [{ by: 'field', name: 'Host' }, ['Host: a.example'], 'a.example'],
  [{ by: 'field', name: 'X-User' }, ['A: b'], ADDRESS],
  [{ by: 'field', name: 'X-User' }, ['X-User:'], ADDRESS],
  [{ by: 'cookie', name: 'sid' }, ['Cookie: a=1; sid=2'], '2'],
  [{ by: 'cookie', name: 'sid' }, ['Cookie: a=1'], ADDRESS],
]
for (const [by, received, key] of rows) {
  test(`by ${Object.values(by).join(' ')}: ${received.join(' + ')}`, async t =>
    t.equal(hashKey(fieldLines(...received), by, ADDRESS), key))
}
