import { type Test, test } from 'tap'
import { curl } from '../support/curl.js'
import { startHopwise } from '../support/hopwise.js'
import { needs } from '../support/needs.js'
import { startNginx } from '../support/nginx.js'

const IDLE_S = 2

test(
  'R98, R100, R213: the hang with real parts: curl and nginx agree through the dumb proxy, then all three wait',
  needs('nginx', 'curl'),
  async t => {
    const nginx = await startNginx(t, { files: { a: 'a' }, server: `keepalive_timeout ${IDLE_S}s;` })
    const dumb = await startHopwise(t, ['dumb', nginx.url])
    const hung = await twice(t, dumb.url)
    t.ok((hung.seconds[0] ?? 9) < 1, 'the first transfer is quick')
    t.ok((hung.seconds[1] ?? 0) > IDLE_S - 0.7, `the second waits for nginx’s idle limit: ${hung.seconds[1]} s`)
    t.equal(hung.code, 0, 'then curl quietly connects again')
    t.match(hung.err, 'Re-using existing connection')
    t.match(dumb.err() + dumb.out(), /demonstration/i, 'it says loudly what it is')

    const hopwise = await startHopwise(t, ['reverse', nginx.url])
    const well = await twice(t, hopwise.url)
    t.equal(well.code, 0)
    t.ok(
      well.seconds.every(seconds => seconds < 1),
      `no wait through the right one: ${well.seconds} s`,
    )
    t.match(well.err, 'Re-using existing connection')
  },
)

async function twice(t: Test, url: string) {
  const asks = [
    '-v',
    '--http1.0',
    '-H',
    'Connection: keep-alive',
    '-o',
    '/dev/null',
    '-o',
    '/dev/null',
    '-w',
    '%{time_total}\n',
  ]
  const { code, out, err } = await curl(t, ...asks, `${url}/a`, `${url}/a`)
  return { code, err, seconds: out.trim().split('\n').map(Number) }
}
