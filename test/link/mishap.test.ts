import { test } from 'tap'
import { actOn, MISHAPS, type Mishap, type MishapFacts, stageOf } from '../../lib/link/mishap.js'

const FACTS: MishapFacts = { answersHalfClosed: false, clientPressured: false, upstreamTook: false }
const PROGRESS = ['none', 'begun', 'whole'] as const
const STAGES = ['head', 'content', 'sent', 'early', 'answering', 'answered'] as const

test('the stage follows from the two messages', async t => {
  const stages = PROGRESS.flatMap(request => PROGRESS.map(response => stageOf(request, response)))
  t.same(stages, ['head', 'early', 'answered', 'content', 'early', 'answered', 'sent', 'answering', 'answered'])
})

test('a client that closed its side has limited time, unless the settings say otherwise', async t => {
  t.equal(actOn('client-fin', 'sent', FACTS), 'patience')
  t.equal(actOn('client-fin', 'answering', FACTS), 'patience')
  t.equal(
    actOn('client-fin', 'answering', { ...FACTS, clientPressured: true }),
    'ignore',
    'it reads: that has its limit',
  )
  t.equal(actOn('client-fin', 'sent', { ...FACTS, clientPressured: true }), 'patience')
  t.equal(actOn('client-fin', 'sent', { ...FACTS, answersHalfClosed: true }), 'ignore')
  t.equal(actOn('client-fin', 'content', { ...FACTS, answersHalfClosed: true }), 'abandon', 'its request is not whole')
})

test('an upstream that reads what it is sent has the same time again', async t => {
  for (const stage of ['content', 'sent', 'early', 'answering'] as const) {
    t.equal(actOn('upstream-slow', stage, { ...FACTS, upstreamTook: true }), 'extend')
    t.equal(actOn('upstream-slow', stage, FACTS), 'fail')
  }
})

test('whatever happens: an answered request is not answered again, and nothing is retried once a response has begun', async t => {
  for (const mishap of Object.keys(MISHAPS) as Mishap[])
    for (const upstreamTook of [false, true])
      for (const clientPressured of [false, true])
        for (const stage of STAGES) {
          const act = actOn(mishap, stage, { answersHalfClosed: false, clientPressured, upstreamTook })
          if (stage === 'answered') t.notOk(['fail', 'retry', 'another', 'continue', 'patience'].includes(act), mishap)
          if (stage === 'early' || stage === 'answering')
            t.notOk(['retry', 'another', 'continue'].includes(act), mishap)
          if (mishap.startsWith('upstream') && stage === 'head') t.equal(act, 'ignore', 'there is no upstream yet')
        }
})
