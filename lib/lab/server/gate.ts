import type * as http from 'node:http'
import { isKnownHost } from '../../pages/host-check.js'
import { said } from '../said.js'
import { Problem } from './problem.js'

/**
 * What is no request for us, whatever it asks for: under a name that a stranger may have pointed here (DNS rebinding), from a page of
 * somebody else, or with content that nothing here takes.
 * @param names further names of this server, in lower case
 * @throws Problem
 */
export function admit({ method = '', headers }: http.IncomingMessage, names: ReadonlySet<string>): void {
  const host = headers.host ?? 'localhost' // HTTP/1.0 may leave it out, browsers never do
  if (!isKnownHost(host, names))
    throw new Problem(
      421,
      said(
        'This laboratory is asked by address, as localhost, or under a name that it was started with (--known-as NAME): any other name may belong to a page that wants to use what stands here.',
        '이 실험실은 주소나 localhost, 또는 시작할 때 정한 이름(--known-as 이름)으로만 접속할 수 있다. 다른 이름은 이 서버를 몰래 이용하려는 페이지의 것일 수 있다.',
      ),
    )
  if (method === 'GET' || method === 'HEAD') {
    if (hasContent(headers)) throw new Problem(413, said('No content is taken here.', '여기서는 본문을 받지 않는다.'))
  } else if (!isOwnPage(headers, host))
    throw new Problem(
      403,
      said(
        'Only the page of this laboratory may start and stop runs.',
        '이 실험실의 페이지만 실행을 시작하고 멈출 수 있다.',
      ),
    )
}

/** A browser says where a request comes from; other programs need not, and are no way for a page to reach us. */
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
 * @throws Problem when it is something else, too long, or not whole
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
      said('This is asked with Content-Type: application/json.', 'Content-Type: application/json으로 요청해야 한다.'),
    )
  if (Number(headers['content-length'] ?? 0) > bytesMax) throw tooLong(bytesMax)
  if (headers.expect !== undefined) response.writeContinue()
  const parts: Buffer[] = []
  let bytes = 0
  // Left at once when it is too long: `for await` would destroy the connection before anybody could be told.
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
    said(`The content may have ${bytesMax} bytes at most.`, `본문은 최대 ${bytesMax}바이트까지 받는다.`),
  )
}

function hasContent(headers: http.IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
