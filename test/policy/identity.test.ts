import { test } from 'tap'
import { isIdentityLine, isIdentityName } from '../../lib/policy/identity.js'
import { fieldLines } from './heads.js'

const rows: [name: string, identity: boolean][] = [
  ['X-Forwarded-For', true],
  ['X-Forwarded-Anything', true],
  ['X_FORWARDED_FOR', true],
  ['x-forwarded_for', true],
  ['X_Real-IP', true],
  ['x-real-ip', true],
  ['X-Forwarded', false],
  ['X-ForwardedFor', false],
  ['X-Real-IP-2', false],
  ['X-Requested-With', false],
  ['X+Forwarded-For', false],
  ['X-', false],
  ['X', false],
  ['Y-Real-IP', false],
]
for (const [name, identity] of rows) {
  test(`R224: ${name} is ${identity ? 'an' : 'no'} identity field`, async t => {
    t.equal(isIdentityName(name.toLowerCase()), identity)
    t.equal(isIdentityLine(fieldLines('Host: a', `${name}: 1`), 1), identity)
  })
}

test('R203: Forwarded is one', async t => t.ok(isIdentityName('forwarded')))
