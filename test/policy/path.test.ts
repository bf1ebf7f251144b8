import fc from 'fast-check'
import { test } from 'tap'
import { checkPath, loosely, refuseDotSegments, refuseHiddenEnds, scanPath, spelled } from '../../lib/policy/path.js'
import { ProtocolError } from '../../lib/wire/protocol-error.js'
import { cpuMs } from '../support/cpu.js'
import { caught } from './heads.js'
import { TARGET } from './paths.js'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
const RUN = { seed, numRuns: 2000 }

test('where a path ends, and whether it has only one interpretation', async t => {
  const rows: [target: string, end: number][] = [
    ['/', 1],
    ['/a/b', 4],
    ['/a?b', 2],
    ['/a?%2e//..;\\', 2],
    ['/?', 1],
    ['/a.b/c..', 8],
    ['/.a', ~3],
    ['/a//b', ~5],
    ['//', ~2],
    ['/%61?x', ~4],
    ['/a;b', ~4],
    ['/a\\b', ~4],
    ['/a/.', ~4],
  ]
  for (const [target, end] of rows) t.equal(scanPath(target), end, target)
})

test(`a plain path is the same in every interpretation (seed ${seed})`, async t => {
  fc.assert(
    fc.property(TARGET, target => {
      const end = scanPath(target)
      const path = target.split('?')[0] ?? ''
      if ((end < 0 ? ~end : end) !== path.length) throw new Error('it ends elsewhere')
      if (end < 0) return
      if (spelled(path) !== path || loosely(path) !== path) throw new Error('it is not plain')
      refuseDotSegments(path)
    }),
    RUN,
  )
  t.pass()
})

test(`reading twice changes nothing more (seed ${seed})`, async t => {
  fc.assert(
    fc.property(
      TARGET.filter(target => !/%25/.test(target)),
      target => {
        const read = loosely(spelled(target))
        if (loosely(read) !== read) throw new Error(read)
      },
    ),
    RUN,
  )
  t.pass()
})

test(`a path without dot segments stays where it is, however it is resolved (seed ${seed})`, async t => {
  // Independent judges: what browsers do, and what a server does that decodes everything first.
  const readers = [
    (path: string) => new URL(path, 'http://a').pathname,
    (path: string) => new URL(path.replace(/%2f/gi, '/').replace(/%5c/gi, '\\'), 'http://a').pathname,
    (path: string) => new URL(path.replace(/;[^/]*/g, ''), 'http://a').pathname,
    (path: string) => new URL(path.replace(/\/+/g, '/'), 'http://a').pathname,
    (path: string) =>
      new URL(
        path
          .replace(/%2f|%5c|\\/gi, '/')
          .replace(/;[^/]*/g, '')
          .replace(/\/+/g, '/'),
        'http://a',
      ).pathname,
  ]
  fc.assert(
    fc.property(TARGET, target => {
      const path = `/api/${(target.split('?')[0] ?? '').slice(1)}`
      try {
        refuseDotSegments(path)
      } catch {
        return
      }
      for (const reader of readers)
        if (!reader(path).startsWith('/api')) throw new Error(`${path} leads to ${reader(path)}`)
    }),
    RUN,
  )
  t.pass()
})

test('dot segments, written in any way, are refused', async t => {
  for (const path of [
    '/.',
    '/..',
    '/a/./b',
    '/a/../b',
    '/%2e',
    '/a/.%2E/',
    '/a%2f..',
    '/a\\..\\b',
    '/a/..%5cb',
    '/..;x/a',
    '/..%3bx/a',
    '/a/..%00b',
  ]) {
    const error = caught(() => refuseDotSegments(path))
    t.ok(error instanceof ProtocolError && error.status === 400 && error.section === 'RFC 3986 3.3', path)
  }
  for (const path of ['/...', '/.a', '/a.', '/a/..b', '/a/b..', '/%2e%2e%2e', '/%252e%252e/']) refuseDotSegments(path)
})

test('a slash within a parameter, and a zero byte, are refused, and nothing similar', async t => {
  for (const path of ['/a;%2Fb', '/a;b%5Cc', '/a;b\\c', '/a%3B%2Fb', '/;a;%2F', '/a%00', '/a;b/c;d%2F/e']) {
    const error = caught(() => refuseHiddenEnds(path))
    t.ok(error instanceof ProtocolError && error.status === 400 && error.section === 'RFC 3986 7.3', path)
  }
  for (const path of ['/a;b/c', '/a%2Fb;c', '/a\\b;c', '/a%3Bb/%2F', '/a%2500', '/;/%5C']) refuseHiddenEnds(path)
  const took = await cpuMs(() => {
    for (const piece of [';', '%3B', ';a']) refuseHiddenEnds(`/${piece.repeat(20_000)}`)
  })
  t.ok(took < 1_000, `in a time that grows with the length alone: ${took} ms`)
})

test('paths that users write', async t => {
  for (const path of ['/', '/a', '/a/', '/a/b.c', '/.well-known', '/caf%C3%A9', "/a~b!$&'()*+,=:@"])
    checkPath('path', path)
  const rows: [path: string, sentence: RegExp][] = [
    ['', /^path "" must begin with a slash$/],
    ['a', /begin with a slash/],
    ['/a?b', /remove \? or # and what follows/],
    ['/a#b', /remove \? or # and what follows/],
    ['/caf\u00e9 \ud83d\ude00', /write \/caf%C3%A9%20%F0%9F%98%80$/],
    ['/a\n', /write \/a%0A$/],
    ['/a%b', /write %25$/],
    ['/a/../b', /must not contain \. and \.\. segments/],
    ['/a/%2e', /must not contain/],
    ['/%61', /write \/a$/],
    ['/a%2fb', /write \/a\/b$/],
    ['/a//b', /write \/a\/b$/],
    ['/a;b', /write \/a$/],
    ['/a%c3', /write \/a%C3$/],
  ]
  for (const [path, sentence] of rows)
    t.throws(() => checkPath('path', path), { name: 'TypeError', message: sentence }, path)
})
