import t from 'tap'
import { ran, ranHere } from './running.js'

t.test('a transaction has seven steps, and its time is in five parts that follow one another', async t => {
  const run = await ran(t, 'connection')
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  t.strictSame(
    run.of('step', 'transaction').map(({ n }) => n),
    [1, 2, 3, 4, 5, 6, 7],
  )
  const bars = run.of('bar', 'transaction')
  t.strictSame(
    bars.map(({ part }) => part),
    ['name', 'connect', 'send', 'server', 'receive'],
  )
  for (const [i, bar] of bars.entries()) t.equal(bars[i - 1]?.to ?? bar.from, bar.from, 'each begins where one ended')
  t.equal(run.figure('transaction', 'work'), 80, 'the work is a wait of 80 ms')
  t.match(run.of('closed', 'transaction'), [{ by: 'client', how: 'fin' }])
})

t.test('the content comes in pieces, and in order: every line contains its position', async t => {
  const size = 300_000
  const run = await ran(t, 'connection', { knobs: { work: 0, size } })
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  t.ok(run.figure('transaction', 'reads') > 1)
  t.equal(run.figure('transaction', 'content'), size)
  const pieces = run.of('bytes', 'transaction').filter(({ by }) => by === 'origin')
  t.equal(pieces.length, run.figure('transaction', 'reads'))
  const head = pieces[0]?.text.indexOf('\r\n\r\n') ?? 0
  let place = -(head + 4)
  for (const { size, text } of pieces) {
    const line = /\n *(\d+)\n/.exec(text)
    t.equal(Number(line?.[1]), place + (line?.index ?? 0) + 1, 'a line is at the position that it contains')
    place += size
  }
  t.equal(place, size)
})

t.test('the thing to change: without work only the other parts are left, small content comes in one piece', async t => {
  const [slow, quick] = [
    await ran(t, 'connection', { knobs: { work: 5_000, size: 100 } }),
    await ran(t, 'connection', { knobs: { work: 0, size: 100 } }),
  ]
  for (const run of [slow, quick]) {
    t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
    t.equal(run.figure('transaction', 'reads'), 1)
  }
  t.equal(slow.figure('transaction', 'work'), 500)
  t.equal(slow.verdict.right, 3)
  t.equal(quick.figure('transaction', 'work'), 0, 'nothing to wait for')
  t.equal(quick.verdict.right, undefined)
})

t.test('on a real machine the verdict names the part that took most of the time, whichever it was', async t => {
  for (const work of [0, 5_000]) {
    const run = await ranHere(t, 'connection', { knobs: { work, size: 100 } })
    const [name = 0, connect = 0, send = 0, working = 0, answer = 0] = [
      'name',
      'connect',
      'send',
      'work',
      'answer',
    ].map(id => run.figure('transaction', id))
    const half = (name + connect + send + working + answer) / 2
    const most = [name, connect, working, answer].findIndex(part => part > half) + 1
    t.equal(run.verdict.right ?? 0, most, `${name}, ${connect}, ${send}, ${working}, ${answer}`)
    t.ok(working >= work / 10 - 1)
  }
})

t.test('simultaneous connections have at most three values in common', async t => {
  const run = await ran(t, 'connection', { knobs: { work: 0 } })
  const values = run.of('open', 'four-values').map(({ addresses }) => addresses?.join(' '))
  t.ok(values.length >= 2)
  t.equal(new Set(values).size, values.length)
  const [first, second, third] = run.of('open', 'four-values').map(({ addresses = ['', ''] }) => addresses)
  t.equal(first?.[1], second?.[1], 'the same port of the same origin')
  t.not(first?.[0], second?.[0])
  if (process.platform === 'linux') {
    t.equal(third?.[0], first?.[0], 'the same port of the client, to another origin')
    t.match(run.of('step', 'four-values').at(-1)?.text.en, /EADDR/)
  }
})
