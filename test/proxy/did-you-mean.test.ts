import { test } from 'tap'
import { didYouMean } from '../../lib/proxy/options/did-you-mean.js'

const OPTIONS = ['listen', 'log-level', 'log-format', 'access-log', 'client-idle-ms', 'upstream-idle-ms', 'via']

test('a typo is recognised', t => {
  for (const [written, meant] of [
    ['liste', 'listen'],
    ['lsiten', 'listen'],
    ['LISTEN', 'listen'],
    ['loglevel', 'log-level'],
    ['log_format', 'log-format'],
    ['client-idle', 'client-idle-ms'],
    ['accesslog', 'access-log'],
    ['access', 'access-log'],
    ['vía', 'via'],
  ] as const)
    t.equal(didYouMean(written, OPTIONS), meant, written)
  t.end()
})

test('a word that is far from all names, or close to many, gets no guess', t => {
  for (const written of ['completely-different', 'x', '', 'log'])
    t.equal(didYouMean(written, OPTIONS), undefined, written)
  t.end()
})
