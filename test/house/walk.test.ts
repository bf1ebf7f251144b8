import { readFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { basename } from 'node:path'
import { test } from 'tap'
import { rawClient, request } from '../support/conversation.js'
import { readMessage } from '../support/raw-message.js'
import { answerAlways, scriptedOrigin } from '../support/scripted-origin.js'
import { withProxy } from '../support/with-proxy.js'

const page = readFileSync(new URL('../../docs/architecture.md', import.meta.url), 'utf8')
const walk = page.slice(page.indexOf('Step by step, with the files'), page.indexOf('## From one configuration'))

/** Files of lib in which a function ran since it was asked last. */
async function ranSince(session: Session): Promise<string[]> {
  const { result } = await session.post('Profiler.takePreciseCoverage')
  return result
    .filter(({ url }) => /\/lib\/.*\.ts$/.test(url))
    .filter(({ functions }) =>
      functions.some(({ functionName, ranges }) => functionName !== '' && ranges[0]!.count > 0),
    )
    .map(({ url }) => basename(url))
}

test('the walk through one request names every file that runs for one', async t => {
  const answer = answerAlways('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const origins = [await scriptedOrigin(t, answer), await scriptedOrigin(t, answer)]
  // By their addresses: names would be watched meanwhile.
  const servers = origins.map(({ url }) => ({ url }))
  const { port } = await withProxy(t, {
    mode: 'reverse',
    upstreams: { app: { servers } },
    routes: [{ upstream: 'app' }],
  })
  const client = await rawClient(t, { port })
  const once = async () => {
    await client.send(request('GET', '/'))
    t.equal((await readMessage(client)).status, 200)
  }
  // Connections are open, and lines are known.
  for (let nth = 0; nth < 4; nth++) await once()
  const session = new Session()
  session.connect()
  t.teardown(() => session.disconnect())
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  await ranSince(session)
  await once()
  const ran = await ranSince(session)
  t.ok(ran.length > 50, `${ran.length} files`)
  t.same(
    ran.filter(name => !walk.includes(name)),
    [],
  )
})
