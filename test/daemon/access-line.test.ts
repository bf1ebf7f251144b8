import fc from 'fast-check'
import { test } from 'tap'
import { accessLine, factsPiece } from '../../lib/daemon/logs/access-line.js'
import { lineTime } from '../../lib/daemon/logs/line-time.js'
import { redactAuthority, redactTarget } from '../../lib/daemon/logs/redact.js'
import type { ExchangeRecord, Outcome } from '../../lib/proxy/events.js'
import { checked, RUNS } from '../wire/property.js'

// A line contains what JSON.stringify makes of the record, whatever is in it.

const unit = fc.oneof(
  fc.integer({ min: 0x20, max: 0x7e }),
  fc.constantFrom(
    0,
    9,
    10,
    13,
    0x1f,
    0x22,
    0x5c,
    0x7f,
    0x80,
    0xff,
    0x2028,
    0x2029,
    0xd800,
    0xdbff,
    0xdc00,
    0xdfff,
    0xfeff,
  ),
  fc.integer({ min: 0, max: 0xffff }),
)
const text = fc.oneof(
  fc.array(unit, { maxLength: 20 }).map(codes => String.fromCharCode(...codes)),
  fc.constantFrom(
    '',
    'GET',
    'CONNECT',
    '/?a=1&token=hush',
    'http://me:hush@a/',
    'me:hush@a:443',
    '127.0.0.1',
    'fe80::1%"',
  ),
)
const count = fc.oneof(
  fc.nat({ max: 2_000 }),
  fc.maxSafeNat(),
  fc.constantFrom(-1, -0, 1e21, Number.MAX_VALUE, Number.NaN),
)
const ms = fc.oneof(
  fc.nat().map(microseconds => microseconds / 1000),
  fc.maxSafeNat().map(microseconds => microseconds / 1000),
  fc.nat({ max: 100_000 }),
  fc.double(),
  fc.constantFrom(
    -1,
    0,
    -0,
    -0.001,
    0.001,
    0.01,
    0.1,
    0.999,
    1.001,
    2_147_483.647,
    2_147_483.648,
    4_294_967.296,
    1e300,
  ),
)

const record: fc.Arbitrary<ExchangeRecord> = fc.record(
  {
    id: text,
    startedAt: count,
    mode: fc.constantFrom('reverse' as const, 'forward' as const),
    method: text,
    target: text,
    host: text,
    version: fc.constantFrom('1.0' as const, '1.1' as const),
    status: count,
    client: fc.record({ id: text, nth: count, address: text }),
    upstream: fc.record({ id: text, nth: count, origin: text, address: text }),
    bytes: fc.record({ requestHead: count, requestContent: count, responseHead: count, responseContent: count }),
    ms: fc.record({ head: ms, wait: ms, firstByte: ms, total: ms }),
    retries: count,
    outcome: fc.constantFrom<Outcome>('complete', 'refused', 'client-aborted', 'tunnel'),
    error: fc.record(
      {
        type: fc.constantFrom('dns_error' as const, 'connection_refused' as const),
        message: text,
        stage: fc.constantFrom('resolve' as const, 'response-head' as const),
        side: fc.constantFrom('client' as const, 'upstream' as const, 'proxy' as const),
        deadline: fc.constantFrom('connectMs' as const, 'exchangeMs' as const),
      },
      { requiredKeys: ['type', 'message', 'stage', 'side'] },
    ),
    endedBy: fc.constantFrom('client' as const, 'upstream' as const, 'proxy' as const),
    clientVerdict: fc.constantFrom('keep' as const, 'client-close' as const),
    upstreamVerdict: fc.constantFrom('keep' as const, 'upstream-idle' as const),
    nominated: count,
    refusedUpgrade: text,
    repairs: count,
    requestId: text,
    route: text,
    scheme: fc.constant('https' as const),
    clientCertificate: fc.record({ subject: text, issuer: text, serial: text, fingerprint: text }),
    user: text,
    referer: text,
    userAgent: text,
  } satisfies { [K in keyof Required<ExchangeRecord>]: fc.Arbitrary<unknown> },
  {
    requiredKeys: [
      'id',
      'startedAt',
      'mode',
      'method',
      'target',
      'host',
      'version',
      'status',
      'client',
      'bytes',
      'ms',
      'retries',
      'outcome',
      'endedBy',
      'clientVerdict',
    ],
  },
)

/** The line, made in the obvious way: every field of a record, in the order of its declaration. */
function plainLine(told: ExchangeRecord, time: string): string {
  const { method } = told
  return JSON.stringify({
    level: 'info',
    time,
    id: told.id,
    mode: told.mode,
    method,
    target: method === 'CONNECT' ? redactAuthority(told.target) : redactTarget(told.target),
    host: redactAuthority(told.host),
    version: told.version,
    status: told.status,
    client: told.client,
    requestId: told.requestId,
    scheme: told.scheme,
    clientCertificate: told.clientCertificate,
    user: told.user,
    route: told.route,
    upstream: told.upstream,
    bytes: told.bytes,
    ms: told.ms,
    retries: told.retries,
    outcome: told.outcome,
    error: told.error,
    endedBy: told.endedBy,
    clientVerdict: told.clientVerdict,
    upstreamVerdict: told.upstreamVerdict,
    nominated: told.nominated,
    refusedUpgrade: told.refusedUpgrade,
    repairs: told.repairs,
    msg: 'exchange',
  } satisfies Record<Exclude<keyof ExchangeRecord, 'startedAt' | 'referer' | 'userAgent'>, unknown> &
    Record<string, unknown>)
}

checked(
  'the line of any record parses to what JSON.stringify would write, with the keys in the same order',
  fc.property(record, text, (told, time) => {
    const line = accessLine(told, time)
    // Parsed and written again: key order counts, and so does each number to its last bit.
    return (
      line.endsWith('}\n') && JSON.stringify(JSON.parse(line)) === JSON.stringify(JSON.parse(plainLine(told, time)))
    )
  }),
  RUNS * 5,
)

test('the facts of a listener and of a process are in each of its lines', async t => {
  const [told] = fc.sample(record, 1)
  const parsed = JSON.parse(accessLine(told!, '', factsPiece({ worker: 2, listener: 'web "1"' })))
  t.match(parsed, { worker: 2, listener: 'web "1"', mode: told!.mode })
  t.equal(factsPiece({}), '')
})

checked(
  'milliseconds keep every microsecond',
  fc.property(fc.maxSafeNat(), fc.nat({ max: 10_000_000 }), record, (large, small, told) => {
    const times = { head: small / 1000, wait: large / 1000, firstByte: -1, total: (small + 1) / 1000 }
    return JSON.stringify(JSON.parse(accessLine({ ...told, ms: times }, '')).ms) === JSON.stringify(times)
  }),
)

checked(
  'the time of a line is that of Date, in any order of times',
  fc.property(fc.array(fc.integer({ min: -1e6, max: 4e12 })), starts =>
    starts.every(at => [at, at + 1, at + 999].every(ms => lineTime(ms) === new Date(ms).toISOString())),
  ),
)

// biome-ignore format: a list
const PIECES = ['?', '&', ';', '#', '=', ' ', '@', '//', 'http:', 'a', 'token', 'Access_Token', 'code', 'x-amz-signature', 'sig', 'monkey', 'hush', '/']

/** The rule for query parameters, without the shortcuts for targets that have nothing to hide. */
const SECRETS = /([?&;](?:access_?token|token|sig|x-amz-signature|code)=)[^&;#\s]*/gi
const USERINFO = /^([a-z][a-z0-9+.-]*:)?\/\/[^/?#]*@/i

checked(
  'R198: a target is redacted the same without the shortcuts',
  fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 20 }), pieces => {
    const target = pieces.join('')
    const whole = target.replace(USERINFO, '$1//[redacted]@').replace(SECRETS, '$1[redacted]')
    return redactTarget(target) === whole && redactTarget(target) === whole
  }),
  RUNS * 5,
)

test('times have a readable form', async t => {
  const told = (total: number) =>
    /"total":([^}]*)/.exec(
      accessLine({ ...fc.sample(record, 1)[0]!, ms: { head: 0, wait: 0, firstByte: -1, total } }, ''),
    )?.[1]
  t.strictSame([0, 2, 0.853, 12.001, 1.5, -1].map(told), ['0', '2', '0.853', '12.001', '1.500', '-1'])
})
