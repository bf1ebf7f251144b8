import { test } from 'tap'
import { keepTrailers, TRAILER_RULES } from '../../lib/policy/trailers.js'
import { crlf, fieldLines, linesOf, optionsOf } from './heads.js'

/** What remains of a trailer section after a head with this Connection. */
function kept(trailers: string[], ...connection: string[]): string {
  return keepTrailers(linesOf(crlf(...trailers), false), optionsOf(fieldLines(...connection)))
}

test('R65: trailers stay separate lines, as received', async t => {
  t.equal(kept(['X-Sum:1', 'x-sum:  2 ', 'Server-Timing: a']), 'X-Sum:1\r\nx-sum:  2 \r\nServer-Timing: a\r\n')
})

const dropped = [
  ...['Transfer-Encoding', 'content-length', 'Trailer', 'HOST'],
  ...['Authorization', 'WWW-Authenticate', 'Authentication-Info', 'Cookie', 'Set-Cookie', 'Proxy-Authorization'],
  ...['Proxy-Authenticate', 'Proxy-Authentication-Info'],
  ...['Cache-Control', 'Pragma', 'Expect', 'Max-Forwards', 'Range', 'If-Match', 'If-None-Match', 'If-Modified-Since'],
  ...['If-Unmodified-Since', 'If-Range', 'Age', 'Date', 'Expires', 'Location', 'Retry-After', 'Vary', 'Warning'],
  ...['Content-Encoding', 'Content-Type', 'Content-Range'],
  ...['Via', 'Forwarded', 'X-Forwarded-For', 'X-Forwarded-Whatever', 'X_Real_IP', 'X-Real-IP', 'Proxy'],
]
for (const name of dropped) {
  test(`R121: ${name} is not allowed in a trailer section`, async t => {
    t.equal(kept(['X-A: 1', `${name}: 1`, 'X-B: 2']), 'X-A: 1\r\nX-B: 2\r\n')
  })
}

for (const name of [
  'Connection',
  'Keep-Alive',
  'Proxy-Connection',
  'TE',
  'Upgrade',
  'HTTP2-Settings',
  'Close',
  'ALPN',
]) {
  test(`R134: ${name} does not cross in a trailer section either`, async t => t.equal(kept([`${name}: 1`]), ''))
}

test('R132: what the head names is dropped from the trailer section', async t => {
  t.equal(kept(['X-A: 1', 'x-sum: 1', 'X-B: 1'], 'Connection: X-Sum'), 'X-A: 1\r\nX-B: 1\r\n')
  t.equal(kept(['X-A: 1', 'Server: 1'], 'Connection: server'), 'X-A: 1\r\n', 'a well-known one as well')
})

test('R132: a Connection in the trailer section names nothing', async t => {
  t.equal(kept(['Connection: X-A', 'X-A: 1']), 'X-A: 1\r\n')
})

test('R200: Proxy-Status is allowed there', async t => t.equal(kept(['Proxy-Status: x']), 'Proxy-Status: x\r\n'))

test('names in the trailer rules are lower case', async t => {
  for (const name of TRAILER_RULES.keys()) t.equal(name, name.toLowerCase())
})
