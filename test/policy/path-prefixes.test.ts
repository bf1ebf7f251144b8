import fc from 'fast-check'
import { test } from 'tap'
import { refuseDotSegments, scanPath, spelled } from '../../lib/policy/path.js'
import { isStripped, pathPrefixes, rewritePath } from '../../lib/policy/path-prefixes.js'
import { ProtocolError } from '../../lib/wire/protocol-error.js'
import { caught } from './heads.js'
import { TARGET } from './paths.js'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)

test('prefixes as they are used', async t => {
  t.equal(pathPrefixes({}), null)
  t.equal(pathPrefixes({ stripPrefix: '/', setPrefix: '' }), null, 'a slash is every path')
  t.same(pathPrefixes({ stripPrefix: '/a/', setPrefix: '/b' }), { stripPrefix: '/a', setPrefix: '/b' })
  t.throws(() => pathPrefixes({ stripPrefix: 'a' }), { name: 'TypeError', message: /^stripPrefix "a" must/ })
  t.throws(() => pathPrefixes({ setPrefix: '/a/../b' }), {
    name: 'TypeError',
    message: /^setPrefix "\/a\/\.\.\/b" must/,
  })
})

test('what is stripped', async t => {
  const strip = { stripPrefix: '/a', setPrefix: '/b' }
  for (const path of ['/a', '/a/x', '/%61?y', '/a?y']) t.ok(isStripped(path, strip), path)
  for (const path of ['/ab', '/b/a', '*', '/A']) t.notOk(isStripped(path, strip), path)
  t.notOk(isStripped('/a', { stripPrefix: '', setPrefix: '/b' }))
})

// The rows of docs/truth-tables.md are read by test/house; these are the ones that every branch needs.
const rows: [stripPrefix: string, setPrefix: string, received: string, sent: string][] = [
  ['/a', '', '/a/x?y=/a', '/x?y=/a'],
  ['/a', '', '/a', '/'],
  ['/a', '', '/a?y', '/?y'],
  ['/a', '', '/ab', '/ab'],
  ['/a/b', '', '/a', '/a'],
  ['/a/b', '', '/%61', '/%61'],
  ['/a/b', '', '/%61/b', '/'],
  ['/a/b', '', '/%61/c/b', '/%61/c/b'],
  ['/a', '', '/%61?/x', '/?/x'],
  ['/a', '', '/a//\\x', '/x'],
  ['/a', '/v', '/b', '/v/b'],
  ['', '/v', '/', '/v/'],
  ['/a', '/v', '*', '*'],
  ['/a', '/v', '', ''],
]
for (const [stripPrefix, setPrefix, received, sent] of rows) {
  test(`R148: ${received} without ${stripPrefix || 'nothing'}, with ${setPrefix || 'nothing'}`, async t =>
    t.equal(rewritePath(received, { stripPrefix, setPrefix }), sent))
}

test('R148: dot segments are refused, in the path and only there', async t => {
  const prefixes = { stripPrefix: '/a', setPrefix: '/v' }
  for (const path of ['/..', '/a/../x', '/a/%2e%2e%2fx', '/a\\..'])
    t.match(
      caught(() => rewritePath(path, prefixes)),
      { status: 400, section: 'RFC 3986 3.3' },
      path,
    )
  t.equal(rewritePath('/a/x?../..', prefixes), '/v/x?../..')
})

test(`R148: whatever is requested, a path is sent, below the prefix, and its rest is as received (seed ${seed})`, async t => {
  const prefix = fc.constantFrom('', '/a', '/api', '/api/a', '/.x', '/%C3%A9')
  fc.assert(
    fc.property(TARGET, prefix, prefix, (path, stripPrefix, setPrefix) => {
      let sent = ''
      try {
        sent = rewritePath(path, { stripPrefix, setPrefix })
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        const end = scanPath(path)
        try {
          refuseDotSegments(path.slice(0, end < 0 ? ~end : end))
        } catch {
          return
        }
        throw new Error('refused without a dot segment')
      }
      if (!sent.startsWith(`${setPrefix}/`)) throw new Error(`${sent} is not beneath ${setPrefix}`)
      const rest = sent.slice(setPrefix.length)
      if (rest === path) return
      if (/^\/[/\\]/.test(rest)) throw new Error(`${rest} begins with an authority`)
      const end = path.length - rest.length
      const taken = path.endsWith(rest) ? path.slice(0, end) : path.slice(0, end + 1)
      if (!path.endsWith(rest.slice(1))) throw new Error(`${rest} is not the end of ${path}`)
      if (spelled(taken).replace(/[/\\]+$/, '') !== stripPrefix) throw new Error(`${taken} was taken off`)
    }),
    { seed, numRuns: 3000 },
  )
  t.pass()
})
