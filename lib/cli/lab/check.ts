import * as net from 'node:net'
import type { CheckResult } from '../../lab/check/check.js'
import { NoProxy } from '../../lab/check/learner.js'
import { resultLines, summaryLines } from '../../lab/check/report.js'
import { type CheckOptions, runChecks } from '../../lab/check/run-checks.js'
import type { Language } from '../../lab/said.js'
import { plainJson, visibleLines } from '../../wire/visible.js'
import type { Given } from '../given.js'
import { UsageError } from '../usage-error.js'
import { readWhole } from '../values.js'
import type { LabConsole } from './console.js'
import { lookOf } from './look.js'
import { stopping } from './stop.js'

/** The default port of the origin for a proxy that is already running. */
const ORIGIN_PORT = 8091
const EXIT = { right: 0, wrong: 1, impossible: 3 } as const

/**
 * `hopwise lab check`: takes a learner's own proxy through the exercises.
 * @returns 0: everything is right, 1: not yet, 3: there is no proxy to check
 * @throws UsageError
 */
export async function checkLearner(given: Given, language: Language, at: LabConsole): Promise<number> {
  const json = given.flag('json') === true
  const { paint } = lookOf(language, 'lifelines', at)
  const options = asked(given)
  const results: CheckResult[] = []
  const onResult = (result: CheckResult) => {
    const first = results.at(-1)?.level !== result.level
    results.push(result)
    const lines = json ? [plainJson(JSON.stringify(result))] : resultLines(result, first, language, paint)
    at.out(`${lines.join('\n')}\n`)
  }
  const stop = stopping()
  try {
    await runChecks({ ...options, onResult, signal: stop.signal })
    if (!json) at.out(`${summaryLines(results, language).join('\n')}\n`)
    return results.every(({ right }) => right) ? EXIT.right : EXIT.wrong
  } catch (error) {
    if (stop.signal.aborted) return stop.code() || EXIT.wrong
    const why = error instanceof NoProxy ? error.reason[language] : listenFault(error, options.originPort)
    at.err(visibleLines(`hopwise: ${why}\n`))
    return EXIT.impossible
  } finally {
    stop.over()
  }
}

function asked(given: Given): CheckOptions {
  const start = given.text('start')
  const url = given.text('file')
  if ((start === undefined) === (url === undefined))
    throw new UsageError(
      "Say where your proxy listens (hopwise lab check http://127.0.0.1:9000), or how to start it (--start 'python3 proxy.py').",
    )
  const as = given.choice('as', ['reverse', 'forward']) ?? 'reverse'
  const port = given.text('origin')
  // A proxy that we start gets the port in ORIGIN; absolute-form names it in each request. Only a running gateway must know it
  // before.
  const originPort =
    port !== undefined
      ? readWhole(given.where('origin'), port, { min: 1, max: 65_535 })
      : start === undefined && as === 'reverse'
        ? ORIGIN_PORT
        : 0
  return { as, originPort, ...(start === undefined ? { proxy: loopback(url as string) } : { start }) }
}

/** Accepts only a proxy on this machine: the check sends messages that must not be sent to other machines. */
function loopback(text: string): { host: string; port: number } {
  const url = URL.canParse(text) ? new URL(text) : null
  const host = url?.hostname.replace(/^\[|\]$/g, '') ?? ''
  // A URL drops the port of its scheme.
  const port = url?.port || (/:80\/?$/.test(text) ? '80' : '')
  if (url?.protocol !== 'http:' || url.pathname !== '/' || port === '')
    throw new UsageError(`"${text}" is not the address of a proxy: write http://127.0.0.1:PORT.`)
  if (host !== 'localhost' && host !== '::1' && !(net.isIPv4(host) && host.startsWith('127.')))
    throw new UsageError(
      `${host} is not this machine: the check is for a proxy on loopback (127.0.0.1, ::1, localhost).`,
    )
  return { host, port: Number(port) }
}

function listenFault(error: unknown, port: number | undefined): string {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'EADDRINUSE') throw error
  return `Port ${port} for the origin of the check is in use: choose another port with --origin, and use it in your proxy, too.`
}
