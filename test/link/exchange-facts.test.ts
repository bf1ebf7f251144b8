import { test } from 'tap'
import {
  ELSEWHERE_REFUSALS,
  isIdempotent,
  mayRetry,
  RETRY_REFUSALS,
  type RetryFacts,
  type RetryVerdict,
} from '../../lib/link/exchange-facts.js'

/** A GET without content on a stale connection: the case for which retries exist. Each row says what is different. */
const STALE: RetryFacts = {
  method: 'GET',
  clientGone: false,
  retries: 0,
  wrote: true,
  reused: true,
  response: 'none',
  goesOnWithLogin: false,
  contentKept: true,
  freshToo: false,
}

const ROWS: readonly (readonly [rule: string, difference: Partial<RetryFacts>, verdict: RetryVerdict])[] = [
  ['R82: a GET on a stale connection', {}, 'yes'],
  ['R150: a POST on a stale connection', { method: 'POST' }, 'not-idempotent'],
  ['R150: a PATCH on a stale connection', { method: 'PATCH' }, 'not-idempotent'],
  ['R152: an unknown method on a stale connection', { method: 'PROPFIND' }, 'not-idempotent'],
  ['R152: a PUT whose content is kept', { method: 'PUT' }, 'yes'],
  ['R151: a PUT whose content is not kept', { method: 'PUT', contentKept: false }, 'content-not-kept'],
  ['R151: a failed retry', { retries: 1 }, 'already-retried'],
  ['R151: a failed retry of which nothing was written', { retries: 1, wrote: false }, 'already-retried'],
  ['R151: a fresh connection that breaks', { reused: false }, 'fresh-connection'],
  ['R151: part of a response is here', { response: 'begun' }, 'response-begun'],
  ['R151: nothing written, GET, fresh connection', { wrote: false, reused: false }, 'yes'],
  ['R151: nothing written, POST, fresh connection', { wrote: false, reused: false, method: 'POST' }, 'yes'],
  ['R151: nothing written, POST, reused connection', { wrote: false, method: 'POST' }, 'yes'],
  ['R151: nothing written, but content lost', { wrote: false, contentKept: false }, 'content-not-kept'],
  [
    'R151: nothing written, but part of a response was forwarded',
    { wrote: false, response: 'begun' },
    'response-begun',
  ],
  ['R221: 408 on a reused connection, GET', { response: '408' }, 'yes'],
  ['R221: 408 on a reused connection, POST', { response: '408', method: 'POST' }, 'not-idempotent'],
  [
    'R221: 408 on a reused connection before anything of a POST was written',
    { response: '408', method: 'POST', wrote: false },
    'yes',
  ],
  ['R221: 408 on a fresh connection is the answer', { response: '408', reused: false }, 'response-begun'],
  ['R221: 408 after a retry', { response: '408', retries: 1 }, 'already-retried'],
  ['R225: credentials that continue a login on the lost connection', { goesOnWithLogin: true }, 'login-lost'],
  ['R225: … of which nothing was written', { goesOnWithLogin: true, wrote: false }, 'login-lost'],
  ['R151: retryOn any, a fresh connection breaks, GET', { reused: false, freshToo: true }, 'elsewhere'],
  ['R151: … after a retry as well', { reused: false, freshToo: true, retries: 2 }, 'elsewhere'],
  ['R150: … but no POST', { reused: false, freshToo: true, method: 'POST' }, 'not-idempotent'],
  ['R151: … but not without the content', { reused: false, freshToo: true, contentKept: false }, 'content-not-kept'],
  ['R73: … but not after a byte of a response', { reused: false, freshToo: true, response: 'begun' }, 'response-begun'],
  ['R221: … and a 408 is the answer', { reused: false, freshToo: true, response: '408' }, 'response-begun'],
  ['R225: … not a login', { reused: false, freshToo: true, goesOnWithLogin: true }, 'login-lost'],
  ['R82: retryOn any, a stale connection: the same server first', { freshToo: true }, 'yes'],
  ['R151: … and then another one', { freshToo: true, retries: 1 }, 'elsewhere'],
  [
    'R151: … a POST of which nothing was written',
    { freshToo: true, retries: 1, wrote: false, method: 'POST' },
    'elsewhere',
  ],
  ['R82: the client has gone', { clientGone: true }, 'client-gone'],
  ['R82: the client has gone, nothing written', { clientGone: true, wrote: false }, 'client-gone'],
]

for (const [rule, difference, verdict] of ROWS) {
  test(`${rule}: ${verdict}`, async t => {
    t.equal(mayRetry({ ...STALE, ...difference }), verdict)
  })
}

test('R150: whatever else holds, a method that is not idempotent is written once', async t => {
  for (const facts of everyFacts()) {
    if (!facts.wrote || facts.method !== 'POST') continue
    t.notOk(goesAgain(facts), JSON.stringify(facts))
  }
})

test('R151: whatever else holds, no retry after a retry, after a response, without the content, or for a client that is gone', async t => {
  for (const facts of everyFacts()) {
    const { retries, freshToo, response, contentKept, clientGone, goesOnWithLogin } = facts
    const never = (retries > 0 && !freshToo) || response === 'begun' || !contentKept || clientGone || goesOnWithLogin
    if (never) t.notOk(goesAgain(facts), JSON.stringify(facts))
    if (retries > 0) t.not(mayRetry(facts), 'yes', 'never twice to the same server')
  }
})

const goesAgain = (facts: RetryFacts): boolean => ['yes', 'elsewhere'].includes(mayRetry(facts))

test('R151: without retryOn any, nothing that a fresh connection lost goes to another server', async t => {
  for (const facts of everyFacts()) if (!facts.freshToo) t.not(mayRetry(facts), 'elsewhere', JSON.stringify(facts))
})

for (const [method, verdict] of Object.entries({
  GET: true,
  HEAD: true,
  OPTIONS: true,
  TRACE: true,
  PUT: true,
  DELETE: true,
  POST: false,
  PATCH: false,
  CONNECT: false,
  get: false,
  QUERY: false,
  '': false,
})) {
  test(`R152: ${method || 'an empty method'} is ${verdict ? '' : 'not '}idempotent`, async t => {
    t.equal(isIdempotent(method), verdict)
  })
}

test('every refusal has a sentence and occurs in the table', async t => {
  for (const sentence of Object.values(ELSEWHERE_REFUSALS)) t.match(sentence, /^[A-Z].*\.$/)
  for (const [refusal, sentence] of Object.entries(RETRY_REFUSALS)) {
    t.match(sentence, /^[A-Z].*\.$/)
    t.ok(
      ROWS.some(([, , verdict]) => verdict === refusal),
      refusal,
    )
  }
})

function everyFacts(): RetryFacts[] {
  const all: RetryFacts[] = []
  for (const method of ['GET', 'POST'])
    for (const clientGone of [false, true])
      for (const retries of [0, 1])
        for (const wrote of [false, true])
          for (const reused of [false, true])
            for (const response of ['none', '408', 'begun'] as const)
              for (const goesOnWithLogin of [false, true])
                for (const contentKept of [false, true])
                  for (const freshToo of [false, true])
                    all.push({
                      ...{ method, clientGone, retries, wrote, reused },
                      ...{ response, goesOnWithLogin, contentKept, freshToo },
                    })
  return all
}
