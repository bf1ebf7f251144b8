import { type Test, test } from 'tap'
import { curl } from '../support/curl.js'
import { startHopwise } from '../support/hopwise.js'
import { needs } from '../support/needs.js'
import { startNginx } from '../support/nginx.js'

/** Far more than the time between nginx’s answer and curl’s next request. */
const IDLE_S = 4

test(
  'R98, R100, R213: the hang with real programs: curl and nginx agree through the dumb proxy, then all three wait',
  needs('nginx', 'curl'),
  async t => {
    const nginx = await startNginx(t, { files: { a: 'a' }, server: `keepalive_timeout ${IDLE_S}s;` })
    const dumb = await startHopwise(t, ['dumb', nginx.url])
    const hung = await twice(t, dumb.url)
    t.ok((hung.seconds[1] ?? 0) > 1, `the second waits for nginx’s idle limit: ${hung.seconds[1]} s`)
    t.same([hung.code, hung.connects], [0, [1, 1]], 'then curl silently reconnects')
    t.match(hung.err, 'Re-using existing connection')
    t.match(dumb.err() + dumb.out(), /demonstration/i, 'it warns loudly')

    const hopwise = await startHopwise(t, ['reverse', nginx.url])
    const right = await twice(t, hopwise.url)
    t.same(
      [right.code, right.connects],
      [0, [1, 0]],
      'through a correct proxy the same connection carries the second answer, too',
    )
    t.match(right.err, 'Re-using existing connection')
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
    '%{time_total} %{num_connects}\n',
  ]
  const { code, out, err } = await curl(t, ...asks, `${url}/a`, `${url}/a`)
  const rows = out
    .trim()
    .split('\n')
    .map(row => row.split(' ').map(Number))
  return { code, err, seconds: rows.map(([seconds]) => seconds), connects: rows.map(([, connects]) => connects) }
}
