import * as http from 'node:http'
import * as https from 'node:https'
import { type ListenAddress, readListenAddress } from '../net/listen-address.js'
import { hostAndPort } from '../wire/authority.js'
import type { Given } from './given.js'
import { keyInFile } from './key-in-file.js'
import { UsageError } from './usage-error.js'

export interface Health {
  healthy: boolean
  /** One readable sentence. */
  sentence: string
}

/** The server to ask, and the request. */
interface Question {
  /** The subject of the sentence; without a password. */
  shown: string
  secure: boolean
  request: http.RequestOptions
  /** The first line of the response content says more. */
  speaks?: boolean
  /** One more status that counts as healthy. */
  alsoHealthy?: number
}

const TIMEOUT_MS = 3_000
/** Longest reason that is shown. */
const REASON_LETTERS_MAX = 200

/** Sends one request and judges the response. @throws UsageError */
export function checkHealth(given: Given): Promise<Health> {
  const timeoutMs = given.whole('timeout-ms', { min: 1, max: 2_147_483_647, unit: 'milliseconds' }) ?? TIMEOUT_MS
  const file = configurationGiven(given)
  if (file !== undefined) return ask(adminQuestion(file, given.flag('live') === true), timeoutMs)
  if (given.flag('live') === true)
    throw new UsageError(
      `${given.where('live')} asks the admin listener: give the configuration file with --config, and no URL.`,
    )
  return ask(given.flag('self') === true ? selfQuestion(given) : urlQuestion(given), timeoutMs)
}

/** The file that names the admin listener, unless another server is to be asked. The command line takes precedence. */
function configurationGiven(given: Given): string | undefined {
  const file = given.text('config')
  if (file === undefined) return undefined
  const others = [...(given.text('url') === undefined ? [] : ['url']), ...(given.flag('self') === true ? ['self'] : [])]
  const onLine = (name: string) => !given.where(name).startsWith('HOPWISE_')
  if (!onLine('config')) return others.length === 0 ? file : undefined
  const [other] = others.filter(onLine)
  if (other !== undefined)
    throw new UsageError(
      `--config asks the admin listener, ${given.where(other)} another server: give only one of them.`,
    )
  return file
}

// The server to ask ---------------------------------------------------------------------------------------------------------

/** Is hopwise ready for clients or, with `live`, is it alive at all? */
function adminQuestion(file: string, live: boolean): Question {
  const text = keyInFile(file, ['admin', 'address'])
  if (text === undefined)
    throw new UsageError(
      `${file} has no admin listener: add admin: { address: 127.0.0.1:9090 }, or give a URL or --self.`,
    )
  return {
    shown: `The admin listener at ${text}`,
    secure: false,
    // It accepts no host names other than localhost and addresses.
    request: { ...placeOf(`admin.address of ${file}`, text), path: live ? '/healthz' : '/readyz', headers: HOST },
    speaks: true,
  }
}

/**
 * A request that the proxy must answer itself, OPTIONS * with Max-Forwards: 0 (RFC 9110 7.6.2), so that a dead upstream
 * does not look like a dead proxy.
 */
function selfQuestion(given: Given): Question {
  const url = given.text('url')
  const asked = url === undefined ? ownQuestion(given) : urlQuestion(given)
  const { request, shown } = asked
  return {
    ...asked,
    shown: `The proxy at ${url === undefined ? shown : new URL(url).origin}`,
    request: { ...request, method: 'OPTIONS', path: '*', headers: { ...request.headers, 'Max-Forwards': '0' } },
    // A proxy that demands authentication is healthy too.
    alsoHealthy: 407,
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
    throw new UsageError(`${given.where('url')} "${text}" is not an http:// or https:// URL.`)
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

/** In a container the proxy and its health check share one environment: HOPWISE_LISTEN says where to ask. */
function ownQuestion(given: Given): Question {
  const text = given.text('listen')
  if (text === undefined) throw new UsageError('hopwise health requires a URL: hopwise health http://127.0.0.1:8080/.')
  const place = placeOf(given.where('listen'), text)
  const shown = 'socketPath' in place ? text : hostAndPort(place.host, place.port)
  return { shown, secure: false, request: { ...place, path: '/' } }
}

const HOST = { Host: 'localhost' }

type Place = { host: string; port: number } | { socketPath: string }

/** Where to connect to reach the listener at this address. */
function placeOf(where: string, text: string): Place {
  const address = readAddress(where, text)
  if (address.kind === 'unix') return { socketPath: address.path }
  if (address.kind !== 'tcp' || address.port === 0)
    throw new UsageError(`${where} is ${text}, which is not an address to connect to: give a URL.`)
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

/** Healthy is a 2xx or 3xx response within `timeoutMs`. */
function ask(
  { shown, secure, request: asked, speaks = false, alsoHealthy }: Question,
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
      const healthy = (statusCode >= 200 && statusCode < 400) || statusCode === alsoHealthy
      const answered = `answered ${statusCode} after ${Math.round(performance.now() - began)} ms`
      if (!speaks) return is(healthy, answered)
      response.setEncoding('utf8').once('data', (text: string) => is(healthy, `${answered}: ${firstLine(text)}`))
      response.once('end', () => is(healthy, answered))
    })
    // The request did not ask to switch protocols.
    request.on('upgrade', () => is(false, 'answered 101'))
    request.on('error', error => is(false, `could not be checked: ${reason(error)}`))
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
  if (error.code === 'ECONNREFUSED') return 'connection refused'
  if (error.code === 'ENOENT') return 'no such socket'
  if (error.code === 'ECONNRESET') return 'the connection was reset before a response'
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return 'its name could not be resolved'
  // If several addresses were tried, the messages are inside; a parser's message is already a sentence.
  return (error.message || error.code || 'unknown reason').replace(/\.$/, '')
}
