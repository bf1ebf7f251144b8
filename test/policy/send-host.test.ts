import { test } from 'tap'
import { checkSendHost, hostToSend } from '../../lib/policy/send-host.js'

const OWN = 'up.example:3000'
const rows: [sendHost: string, received: string, sent: string][] = [
  ['preserve', 'a.example:81', 'a.example:81'],
  ['preserve', '', OWN],
  ['upstream', 'a.example', OWN],
  ['app.internal', 'a.example', 'app.internal'],
  ['app.internal', '', 'app.internal'],
]
for (const [sendHost, received, sent] of rows) {
  test(`R18: ${sendHost}, for ${received || 'no host'}`, async t => t.equal(hostToSend(sendHost, received, OWN), sent))
}

test('hosts that users write', async t => {
  for (const sendHost of ['preserve', 'upstream', 'app.example', 'app.example:80', '[::1]:80']) checkSendHost(sendHost)
  for (const sendHost of ['', 'a b', 'http://a', 'a\r\nX: y', 'a/b', 'a:x'])
    t.throws(() => checkSendHost(sendHost), { name: 'TypeError', message: /must be preserve, upstream, or a host/ })
})
