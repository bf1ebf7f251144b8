import type * as http from 'node:http'
import { isKnownHost } from '../../pages/host-check.js'
import { said } from '../said.js'
import { Problem } from './problem.js'

/**
 * Rejects requests that are not meant for this server, whatever they ask for: under a name that a stranger may have pointed here
 * (DNS rebinding), from a foreign page, or with content that is not accepted here.
 * @param names further names of this server, in lower case
 * @throws Problem
 */
export function admit({ method = '', headers }: http.IncomingMessage, names: ReadonlySet<string>): void {
  const host = headers.host ?? 'localhost' // HTTP/1.0 may leave it out, browsers never do
  if (!isKnownHost(host, names))
    throw new Problem(
      421,
      said(
        'Use an IP address, localhost, or a name given with --known-as NAME to reach this laboratory: any other name may belong to a page that wants to misuse this server.',
        '이 실험실은 주소나 localhost, 또는 시작할 때 정한 이름(--known-as 이름)으로만 접속할 수 있다. 다른 이름은 이 서버를 몰래 이용하려는 페이지의 것일 수 있다.',
      ),
    )
  if (method === 'GET' || method === 'HEAD') {
    if (hasContent(headers))
      throw new Problem(413, said('No content is accepted here.', '여기서는 본문을 받지 않는다.'))
  } else if (!isOwnPage(headers, host))
    throw new Problem(
      403,
      said(
        'Only the page of this laboratory may start and stop runs.',
        '이 실험실의 페이지만 실행을 시작하고 멈출 수 있다.',
      ),
    )
}

/** A browser says where a request comes from; other programs need not, and a page cannot use them to reach us. */
function isOwnPage({ origin, 'sec-fetch-site': site }: http.IncomingHttpHeaders, host: string): boolean {
  if (site !== undefined && site !== 'same-origin') return false
  if (origin === undefined) return true
  try {
    const { protocol, host: from } = new URL(origin)
    return (protocol === 'http:' || protocol === 'https:') && from === host.toLowerCase()
  } catch {
    return false
  }
}

/**
 * The JSON of a request.
 * @throws Problem if the content is not JSON, too long, or incomplete
 */
export async function readJson(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  bytesMax: number,
): Promise<unknown> {
  const { headers } = request
  if (
    !/^application\/json[ \t]*(;|$)/i.test(headers['content-type'] ?? '') ||
    headers['content-encoding'] !== undefined
  )
    throw new Problem(
      415,
      said('This request needs Content-Type: application/json.', 'Content-Type: application/json으로 요청해야 한다.'),
    )
  if (Number(headers['content-length'] ?? 0) > bytesMax) throw tooLong(bytesMax)
  if (headers.expect !== undefined) response.writeContinue()
  const parts: Buffer[] = []
  let bytes = 0
  // Stops at once if it is too long; without this option `for await` would destroy the connection before the error could be sent.
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    bytes += (part as Buffer).length
    if (bytes > bytesMax) throw tooLong(bytesMax)
    parts.push(part as Buffer)
  }
  return parsed(Buffer.concat(parts))
}

function parsed(content: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content))
  } catch {
    throw new Problem(400, said('The content is not JSON.', '본문이 JSON이 아니다.'))
  }
}

function tooLong(bytesMax: number): Problem {
  return new Problem(
    413,
    said(`The content may have at most ${bytesMax} bytes.`, `본문은 최대 ${bytesMax}바이트까지 받는다.`),
  )
}

function hasContent(headers: http.IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
