import t, { type Test } from 'tap'
import { Bench, party } from '../../lib/lab/bench.js'
import { waitsSeen } from '../../lib/lab/experiments/waits-seen.js'
import { plain } from '../../lib/lab/said.js'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

t.test(
  'the asking party waits from the end of its request to the end of the response, however the bytes are split',
  t => {
    const { line, told } = seen(t, 'near')
    for (const octet of GET) line.bytes('curl', Buffer.from(octet))
    t.strictSame(told(), ['curl on proxy'])
    for (const octet of `HTTP/1.1 103 Early Hints\r\n\r\n${OK}`.slice(0, -1)) line.bytes('proxy', Buffer.from(octet))
    t.strictSame(told(), [])
    line.bytes('proxy', Buffer.from('k'))
    t.strictSame(told(), ['curl goes on'])
    t.end()
  },
)

t.test(
  'the answering party waits between its response and the next request, and not while it has more to answer',
  t => {
    const { line, told } = seen(t, 'far')
    line.bytes('curl', Buffer.from(GET + GET))
    line.bytes('proxy', Buffer.from(OK))
    t.strictSame(told(), [], 'the second request is there')
    line.bytes('proxy', Buffer.from(OK))
    t.strictSame(told(), ['proxy on curl'])
    line.bytes('curl', Buffer.from(GET))
    t.strictSame(told(), ['proxy goes on'])
    t.end()
  },
)

t.test('a HEAD has no content to wait for', t => {
  const { line, told } = seen(t, 'near')
  line.bytes('curl', Buffer.from(GET.replace('GET', 'HEAD')))
  line.bytes('proxy', Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n'))
  t.strictSame(told(), ['curl on proxy', 'curl goes on'])
  t.end()
})

t.test('the end of a connection ends the waits on it, once; bytes that are not HTTP end the conclusions', t => {
  const { line, told, ends } = seen(t, 'near')
  line.bytes('curl', Buffer.from(GET))
  line.end('proxy')
  line.end('curl')
  line.bytes('curl', Buffer.from(GET))
  t.strictSame(told(), ['curl on proxy', 'curl goes on'])
  t.equal(ends(), 1)

  const odd = seen(t, 'near')
  odd.line.bytes('proxy', Buffer.from(OK))
  odd.line.bytes('curl', Buffer.from(GET))
  t.strictSame(odd.told(), [], 'a response that was not requested')
  t.equal(odd.ends(), 1)
  t.end()
})

t.test('one connection does not report that its party goes on if another one reported that it waits', t => {
  const { open, told } = seen(t, 'near')
  const [first, second] = [open(), open()]
  second.bytes('curl', Buffer.from(GET))
  first.end('proxy')
  t.strictSame(told(), ['curl on proxy'])
  t.end()
})

/** A line between curl and a proxy; `told` returns the reports since its last call. */
function seen(t: Test, tells: 'near' | 'far') {
  let waits: string[] = []
  let ended = 0
  const bench = new Bench(1, new AbortController().signal, event => {
    if (event.kind === 'waits') waits.push(`${event.who} on ${event.on}`)
    if (event.kind === 'goes-on') waits.push(`${event.who} goes on`)
  })
  t.teardown(() => bench.close())
  const scene = bench.scene('it', plain('it'), [party('curl')])
  const open = waitsSeen(scene, { near: 'curl', far: 'proxy', tells, onEnd: () => ended++ })
  const told = () => {
    const now = waits
    waits = []
    return now
  }
  return { line: open(), open, told, ends: () => ended }
}
