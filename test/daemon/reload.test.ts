import { test } from 'tap'
import { RefusedError, type ReloadSummary, writeBound } from '../../lib/daemon/gateway-types.js'
import { type ReadConfiguration, Reload, reloadedIn } from '../../lib/daemon/reload.js'
import { FakeClock } from '../support/fake-clock.js'
import { keptLog, settled } from './fixture/fake-workers.js'

const SUMMARY: ReloadSummary = {
  changes: { listeners: { total: 2, added: 1, removed: 1 }, groups: { total: 3, changed: 1 } },
  bound: [{ name: 'web', address: '::1', port: 80 }],
}

function reloadOf(
  read: () => Promise<ReadConfiguration<string>>,
  apply: (configuration: string) => Promise<ReloadSummary> = async () => SUMMARY,
) {
  const clock = new FakeClock()
  const kept = keptLog()
  const watched: (readonly string[])[] = []
  const reload = new Reload({ read, apply, clock, log: kept.log, files: files => watched.push(files) })
  return { clock, reload, watched, ...kept }
}

test('a good configuration is accepted, and one line says what has changed', async t => {
  const { reload, lines, clock, watched } = reloadOf(async () => {
    clock.advance(12)
    return { configuration: 'new', files: ['a.yaml', 'a.pem'] }
  })
  t.strictSame(await reload.request('SIGHUP'), { accepted: true, summary: SUMMARY })
  t.strictSame(lines, [
    {
      level: 'info',
      message: 'reloaded in 12 ms: 2 listeners (1 added, 1 removed), 3 groups (1 changed)',
      fields: { why: 'SIGHUP', reload: 1, listening: ['[::1]:80'] },
    },
  ])
  t.strictSame(watched, [['a.yaml', 'a.pem']])
  t.match({ ...reload }, { accepted: 1, refused: 0 })
})

test('a bad configuration is refused with all reasons, wherever they come from', async t => {
  const applied: string[] = []
  for (const [read, apply, reasons] of [
    [async () => ({ findings: ['line 3: no', 'line 7: never'] }), undefined, ['line 3: no', 'line 7: never']],
    [async () => Promise.reject(new Error('the file is gone')), undefined, ['the file is gone']],
    [
      async () => ({ configuration: 'new', files: [] }),
      async () => Promise.reject(new RefusedError(['the port is taken', 'and that one'])),
      ['the port is taken', 'and that one'],
    ],
  ] as const) {
    const { reload, lines } = reloadOf(
      read as () => Promise<ReadConfiguration<string>>,
      apply ??
        (async configuration => {
          applied.push(configuration)
          return SUMMARY
        }),
    )
    t.strictSame(await reload.request('SIGHUP'), { accepted: false, reasons })
    t.match(lines, [
      { level: 'error', message: 'the new configuration is refused, the old one stays', fields: { reasons } },
    ])
    t.equal(reload.refused, 1)
  }
  t.strictSame(applied, [])
})

test('however many requests come during a reload, one more follows, and it sees the last state', async t => {
  let text = 'first'
  let going: (() => void) | undefined
  const applied: string[] = []
  let atOnce = 0
  const { reload } = reloadOf(
    async () => ({ configuration: text, files: [] }),
    async configuration => {
      t.equal(++atOnce, 1, 'one at a time')
      await new Promise<void>(go => {
        going = go
      })
      atOnce -= 1
      applied.push(configuration)
      return SUMMARY
    },
  )
  const one = reload.request('SIGHUP')
  await settled()
  text = 'second'
  const others = [reload.request('SIGHUP'), reload.request('SIGHUP')]
  text = 'third'
  others.push(reload.request('the file changed'))
  t.equal(new Set(others).size, 1)
  going?.()
  await one
  await settled()
  going?.()
  await Promise.all(others)
  t.strictSame(applied, ['first', 'third'])
  const later = reload.request('SIGHUP')
  await settled()
  going?.()
  await later
  t.equal(reload.accepted, 3)
})

test('what has changed, in words', async t => {
  const line = (changes: ReloadSummary['changes']) => reloadedIn(5, { changes, bound: [] })
  t.equal(line({}), 'reloaded in 5 ms')
  t.equal(line({ listeners: { total: 1 }, groups: { total: 0 } }), 'reloaded in 5 ms: 1 listener, 0 groups')
  t.equal(
    line({ groups: { total: 9, added: 1, removed: 2, changed: 3 } }),
    'reloaded in 5 ms: 9 groups (1 added, 2 removed, 3 changed)',
  )
})

test('where it listens, in words', async t => {
  t.equal(writeBound({ name: 'a', address: '127.0.0.1', port: 80 }), '127.0.0.1:80')
  t.equal(writeBound({ name: 'a', address: '/run/a.sock', port: 0 }), 'unix:/run/a.sock')
})
