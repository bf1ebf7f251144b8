import * as http from 'node:http'
import * as https from 'node:https'
import { type ListenAddress, readListenAddress } from '../net/listen-address.js'
import { hostAndPort } from '../wire/authority.js'
import type { Given } from './given.js'
import { keyInFile } from './key-in-file.js'
import { UsageError } from './usage-error.js'

export interface Health {
  healthy: boolean
  /** One sentence for people. */
  sentence: string
}

/** Whom to ask, and how. */
interface Question {
  /** At the beginning of the sentence; without a password. */
  shown: string
  secure: boolean
  request: http.RequestOptions
  /** The first line of the answer says more. */
  speaks?: boolean
  /** One more status that is well. */
  alsoWell?: number
}

const TIMEOUT_MS = 3_000
/** Of a reason. */
const REASON_LETTERS_MAX = 200

/** Asks once and judges the answer. @throws UsageError */
export function checkHealth(given: Given): Promise<Health> {
  const timeoutMs = given.whole('timeout-ms', { min: 1, max: 2_147_483_647, unit: 'milliseconds' }) ?? TIMEOUT_MS
  const file = configurationGiven(given)
  if (file !== undefined) return ask(adminQuestion(file, given.flag('live') === true), timeoutMs)
  if (given.flag('live') === true)
    throw new UsageError(
      `${given.where('live')} is for the admin listener: name the configuration with --config, and no URL.`,
    )
  return ask(given.flag('self') === true ? selfQuestion(given) : urlQuestion(given), timeoutMs)
}

/** The file that leads to the admin listener, unless somebody else is to be asked. What the command line says goes first. */
function configurationGiven(given: Given): string | undefined {
  const file = given.text('config')
  if (file === undefined) return undefined
  const others = [...(given.text('url') === undefined ? [] : ['url']), ...(given.flag('self') === true ? ['self'] : [])]
  const onLine = (name: string) => !given.where(name).startsWith('HOPWISE_')
  if (!onLine('config')) return others.length === 0 ? file : undefined
  const [other] = others.filter(onLine)
  if (other !== undefined)
    throw new UsageError(`--config asks the admin listener, ${given.where(other)} somebody else: give one of the two.`)
  return file
}

// Who is asked ---------------------------------------------------------------------------------------------------------

/** Is it ready for clients, or (`live`) does it live at all? */
function adminQuestion(file: string, live: boolean): Question {
  const text = keyInFile(file, ['admin', 'address'])
  if (text === undefined)
    throw new UsageError(
      `${file} has no admin listener to ask: add admin: { address: 127.0.0.1:9090 }, or ask with a URL or --self.`,
    )
  return {
    shown: `The admin listener at ${text}`,
    secure: false,
    // It answers to no other names than localhost and addresses.
    request: { ...placeOf(`admin.address of ${file}`, text), path: live ? '/healthz' : '/readyz', headers: HOST },
    speaks: true,
  }
}

/**
 * The question that a proxy must answer by itself: OPTIONS * with Max-Forwards: 0 (RFC 9110 7.6.2), so that a dead upstream does not
 * look like a dead proxy.
 */
function selfQuestion(given: Given): Question {
  const url = given.text('url')
  const asked = url === undefined ? ownQuestion(given) : urlQuestion(given)
  const { request, shown } = asked
  return {
    ...asked,
    shown: `The proxy at ${url === undefined ? shown : new URL(url).origin}`,
    request: { ...request, method: 'OPTIONS', path: '*', headers: { ...request.headers, 'Max-Forwards': '0' } },
    // A proxy that asks who we are is awake, too.
    alsoWell: 407,
  }
}

function urlQuestion(given: Given): Question {
  const text = given.text('url')
  if (text === undefined) {
    const own = ownQuestion(given)
    return { ...own, shown: `http://${own.shown}/` }
  }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new UsageError(`${given.where('url')} "${text}" is no http:// or https:// URL.`)
  const { hostname, port, pathname, search, username, password } = url
  return {
    shown: `${url.origin}${pathname}`,
    secure: url.protocol === 'https:',
    request: {
      host: hostname.replace(/^\[|\]$/g, ''),
      ...(port === '' ? {} : { port: Number(port) }),
      path: `${pathname}${search}`,
      ...(username === '' && password === ''
        ? {}
        : { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` }),
    },
  }
}

/** In a container the proxy and its health check have one environment: HOPWISE_LISTEN says where to ask. */
function ownQuestion(given: Given): Question {
  const text = given.text('listen')
  if (text === undefined) throw new UsageError('hopwise health wants a URL: hopwise health http://127.0.0.1:8080/.')
  const place = placeOf(given.where('listen'), text)
  const shown = 'socketPath' in place ? text : hostAndPort(place.host, place.port)
  return { shown, secure: false, request: { ...place, path: '/' } }
}

const HOST = { Host: 'localhost' }

type Place = { host: string; port: number } | { socketPath: string }

/** Where to connect to for what listens at this address. */
function placeOf(where: string, text: string): Place {
  const address = readAddress(where, text)
  if (address.kind === 'unix') return { socketPath: address.path }
  if (address.kind !== 'tcp' || address.port === 0)
    throw new UsageError(`${where} is ${text}, which does not say where to ask: give a URL.`)
  const { host, port } = address
  return { host: host === '' || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host, port }
}

function readAddress(where: string, text: string): ListenAddress {
  try {
    return readListenAddress(text)
  } catch (error) {
    throw new UsageError(`${where}: ${(error as Error).message}.`, { cause: error })
  }
}

// Asking ---------------------------------------------------------------------------------------------------------------

/** Well is 2xx and 3xx, within `timeoutMs`. */
function ask(
  { shown, secure, request: asked, speaks = false, alsoWell }: Question,
  timeoutMs: number,
): Promise<Health> {
  const began = performance.now()
  return new Promise(resolve => {
    const is = (healthy: boolean, what: string) => {
      clearTimeout(timer)
      request.destroy()
      resolve({ healthy, sentence: `${shown} ${what}.` })
    }
    const headers = { Connection: 'close', 'User-Agent': 'hopwise-health', ...asked.headers }
    const request = (secure ? https : http).request({ ...asked, headers, agent: false })
    const timer = setTimeout(() => is(false, `did not answer within ${timeoutMs} ms`), timeoutMs)
    request.on('response', response => {
      const { statusCode = 0 } = response
      const healthy = (statusCode >= 200 && statusCode < 400) || statusCode === alsoWell
      const answered = `answered ${statusCode} after ${Math.round(performance.now() - began)} ms`
      if (!speaks) return is(healthy, answered)
      response.setEncoding('utf8').once('data', (text: string) => is(healthy, `${answered}: ${firstLine(text)}`))
      response.once('end', () => is(healthy, answered))
    })
    // Switching protocols is not what was asked for.
    request.on('upgrade', () => is(false, 'answered 101'))
    request.on('error', error => is(false, `cannot be asked: ${reason(error)}`))
    request.end()
  })
}

function firstLine(text: string): string {
  const [line = ''] = text.split('\n')
  return line
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
    .slice(0, REASON_LETTERS_MAX)
    .replace(/\.$/, '')
}

function reason(error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNREFUSED') return 'nobody listens there'
  if (error.code === 'ENOENT') return 'there is no such socket'
  if (error.code === 'ECONNRESET') return 'the connection ended without an answer'
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return 'its name cannot be resolved'
  // Of several addresses tried, the messages stand inside; of a parser, the message is a sentence already.
  return (error.message || error.code || 'nobody knows why').replace(/\.$/, '')
}
