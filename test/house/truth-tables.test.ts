import { type Test, test } from 'tap'
import { mayRetry } from '../../lib/link/exchange-facts.js'
import { actOn, MISHAPS, type Mishap, type MishapStage } from '../../lib/link/mishap.js'
import { PoolBook } from '../../lib/link/pool-book.js'
import { PoolEntry } from '../../lib/link/pool-entry.js'
import { RESERVED_REST_MS } from '../../lib/link/reserved-list.js'
import { learn, sendsChunks } from '../../lib/link/version-lesson.js'
import { judgeClient, judgePooled, judgeUpstream } from '../../lib/policy/persistence.js'
import { part, read, rowsOf } from './references.js'

const BOTH = ['yes', 'no'] as const
const VERSIONS = ['1.0', '1.1'] as const
const FRAMINGS = ['none', 'length', 'chunked', 'close'] as const

type Facts = Readonly<Record<string, readonly string[]>>

/** For every combination of the facts, the first matching row of the document's table agrees with the code. */
function compare(
  t: Test,
  name: string,
  facts: Facts,
  verdictOf: (is: Record<string, string>) => string,
  last = 'verdict',
): void {
  const table = part(read('docs/truth-tables.md'), name)
  const columns =
    table
      .split('\n')[0]
      ?.slice(1, -1)
      .split('|')
      .map(cell => cell.trim()) ?? []
  t.same(columns, [...Object.keys(facts), last])
  const rows = rowsOf(table)
  const used = new Set<string[]>()
  let wrong = 0
  for (const is of combinations(facts)) {
    const row = rows.find(cells =>
      columns.every((column, i) => i === cells.length - 1 || cells[i] === '·' || cells[i] === is[column]),
    )
    if (row) used.add(row)
    if (row?.at(-1) !== verdictOf(is) && wrong++ === 0) t.equal(row?.at(-1), verdictOf(is), JSON.stringify(is))
  }
  t.equal(wrong, 0, 'combinations on which the table and the code disagree')
  t.same(
    rows.filter(row => !used.has(row)).map(row => row.join(' | ')),
    [],
    'no row is unused',
  )
}

function* combinations(facts: Facts): Generator<Record<string, string>> {
  const names = Object.keys(facts)
  const counts = names.map(name => facts[name]?.length ?? 0)
  const all = counts.reduce((product, count) => product * count, 1)
  for (let nth = 0; nth < all; nth++) {
    let rest = nth
    yield Object.fromEntries(
      names.map((name, i) => {
        const values = facts[name] ?? []
        const value = values[rest % values.length] ?? ''
        rest = Math.floor(rest / (counts[i] ?? 1))
        return [name, value]
      }),
    )
  }
}

const minorOf = (version: string | undefined) => (version === '1.0' ? 0 : 1)
const framingOf = (name: string | undefined) => FRAMINGS.find(framing => framing === name) ?? 'none'

test('R75, R76, R79, R81, R92, R93: is the client kept?', async t => {
  const facts = {
    'client says close': BOTH,
    'CONNECT refused': BOTH,
    version: VERSIONS,
    'asks keep-alive': BOTH,
    '1.0 admitted': BOTH,
    'response ends by': FRAMINGS,
    'request read': BOTH,
    'last request': BOTH,
    draining: BOTH,
  }
  // Reverse admits HTTP/1.0 with the option and without; forward only with it.
  for (const [mode, option] of [
    ['reverse', false],
    ['reverse', true],
    ['forward', true],
  ] as const)
    compare(t, 'client', facts, is =>
      judgeClient({
        mode: is['1.0 admitted'] === 'yes' ? mode : 'forward',
        forwardHttp10KeepAlive: is['1.0 admitted'] === 'yes' && option,
        minor: minorOf(is.version),
        close: is['client says close'] === 'yes',
        keepAlive: is['asks keep-alive'] === 'yes',
        framing: framingOf(is['response ends by']),
        contentRead: is['request read'] === 'yes',
        connectRefused: is['CONNECT refused'] === 'yes',
        requests: is['last request'] === 'yes' ? 100 : 99,
        requestsMax: 100,
        draining: is.draining === 'yes',
      }),
    )
})

test('R59, R81, R89, R94: does the upstream go back to the pool?', async t => {
  const facts = {
    'request sent': BOTH,
    'response ends by': FRAMINGS,
    'in doubt': BOTH,
    surplus: BOTH,
    'says close': BOTH,
    version: VERSIONS,
    'offers keep-alive': BOTH,
    hint: BOTH,
  }
  compare(t, 'upstream', facts, is =>
    judgeUpstream({
      minor: minorOf(is.version),
      close: is['says close'] === 'yes',
      keepAlive: is['offers keep-alive'] === 'yes',
      framing: framingOf(is['response ends by']),
      inDoubt: is['in doubt'] === 'yes',
      requestSent: is['request sent'] === 'yes',
      surplus: is.surplus === 'yes',
      hintMax: is.hint === 'yes' ? 0 : -1,
    }),
  )
})

test('R225: … and does its pool take it?', async t => {
  const facts = { 'a client’s own': BOTH, draining: BOTH, 'PROXY protocol': BOTH, 'left the group': BOTH }
  compare(t, 'pooled', facts, is =>
    judgePooled({
      reserved: is['a client’s own'] === 'yes',
      draining: is.draining === 'yes',
      described: is['PROXY protocol'] === 'yes',
      retired: is['left the group'] === 'yes',
    }),
  )
})

const NOW = 10_000
const RESTS: Record<string, number> = {
  rests: NOW - 1,
  overdue: NOW - 4_000,
  'just now': NOW - 1,
  'for 1 s': NOW - RESERVED_REST_MS,
}

class Connection {
  readonly entry: PoolEntry<Connection> = new PoolEntry<Connection>(this)
}

/** The answer of a pool book in this situation. */
function acquired(is: Record<string, string>): string {
  const closed: string[] = []
  const limits = { upstreamConnectionsMax: 4, upstreamIdleMax: 4, upstreamRequestsMax: 0, upstreamAgeMs: 0 }
  const waitingMax = is['queue full'] === 'yes' ? 0 : 1
  const book = new PoolBook<Connection, object>(
    '',
    { ...limits, upstreamIdleMs: 4_000, upstreamWaitingMax: waitingMax },
    (_, reason) => closed.push(reason),
  )
  const busy = (): Connection => {
    book.acquire({}, 0, true)
    const connection = new Connection()
    book.dialed(connection, 0, 0)
    return connection
  }
  const resting = (since: number | undefined): Connection | null => {
    if (since === undefined) return null
    const connection = busy()
    book.reserve(connection)
    book.release(connection, 'keep', since)
    return connection
  }
  const own = resting(RESTS[is.own ?? ''])
  resting(RESTS[is["another's rests"] ?? ''])
  const idle = is['idle one'] === 'yes' ? busy() : null
  while (book.open < (is.room === 'yes' ? 3 : 4)) busy()
  if (idle !== null) book.release(idle, 'keep', NOW - 1)
  if (own !== null && book.acquireReserved(own, NOW)) return 'own'
  closed.length = 0
  const answer = book.acquire({}, NOW)
  return typeof answer === 'object' ? 'idle one' : [...closed, answer].join(', ')
}

test('R86, R225: which connection does a request get?', async t => {
  const facts = {
    own: ['none', 'rests', 'overdue'],
    'idle one': BOTH,
    room: BOTH,
    "another's rests": ['none', 'just now', 'for 1 s'],
    'queue full': BOTH,
  }
  compare(t, 'acquire', facts, acquired)
})

const KNOWN = ['unheard', '1.1', 'doubted', '1.0'] as const
const knownOf = (name: string | undefined) => KNOWN.find(known => known === name) ?? 'unheard'

test('R42: which version does it speak?', async t => {
  const facts = { known: KNOWN, answer: VERSIONS, page: BOTH, enough: BOTH }
  const verdict = (is: Record<string, string>) =>
    learn(knownOf(is.known), minorOf(is.answer), is.page === 'yes', is.enough === 'yes')
  compare(t, 'version', facts, verdict, 'known then')
})

test('R42: how is chunked content sent to it?', async t => {
  compare(t, 'chunks', { known: KNOWN, fits: BOTH }, is => sendsChunks(knownOf(is.known), is.fits === 'yes'))
})

test('what happens to an exchange when something goes wrong?', async t => {
  const facts = {
    mishap: Object.keys(MISHAPS) as Mishap[],
    stage: ['head', 'content', 'sent', 'early', 'answering', 'answered'] as MishapStage[],
    '`halfClosed: answer`': BOTH,
    'client has to take': BOTH,
    'upstream took': BOTH,
  }
  compare(
    t,
    'mishap',
    facts,
    is =>
      actOn(is.mishap as Mishap, is.stage as MishapStage, {
        answersHalfClosed: is['`halfClosed: answer`'] === 'yes',
        clientPressured: is['client has to take'] === 'yes',
        upstreamTook: is['upstream took'] === 'yes',
      }),
    'act',
  )
})

test('R82, R150, R151, R152, R221, R225: may it be sent again?', async t => {
  const facts = {
    'client gone': BOTH,
    'sent again before': BOTH,
    'goes on with a log-in': BOTH,
    'content kept': BOTH,
    response: ['none', '408', 'begun'],
    written: BOTH,
    reused: BOTH,
    'fresh too': BOTH,
    idempotent: BOTH,
  } as const
  compare(t, 'retry', facts, is =>
    mayRetry({
      method: is.idempotent === 'yes' ? 'PUT' : 'POST',
      clientGone: is['client gone'] === 'yes',
      retries: is['sent again before'] === 'yes' ? 1 : 0,
      wrote: is.written === 'yes',
      reused: is.reused === 'yes',
      response: facts.response.find(value => value === is.response) ?? 'none',
      goesOnWithLogin: is['goes on with a log-in'] === 'yes',
      contentKept: is['content kept'] === 'yes',
      freshToo: is['fresh too'] === 'yes',
    }),
  )
})
