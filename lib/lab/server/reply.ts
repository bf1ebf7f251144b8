import type * as http from 'node:http'
import { said } from '../said.js'
import { Problem, wrongMethod } from './problem.js'

export const JSON_TYPE = 'application/json; charset=utf-8'
export const STREAM_TYPE = 'text/event-stream; charset=utf-8'

/** @param allow `GET, HEAD` @throws Problem 405 */
export function permit({ method = '' }: http.IncomingMessage, allow: string): void {
  if (!allow.split(', ').includes(method)) throw wrongMethod(allow)
}

/** Content that was announced and not read leaves the connection of no use. */
export function send(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  status: number,
  fields: Readonly<Record<string, string>>,
  content: string | Buffer = '',
): void {
  const bytes = Buffer.from(content)
  const length = status === 204 ? {} : { 'Content-Length': bytes.length }
  const unread = request.complete || status < 400 ? {} : { Connection: 'close' }
  response.writeHead(status, { ...length, ...fields, ...unread })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}

/** What went wrong, in both languages. What is no `Problem` is a fault of ours. */
export function sendProblem(request: http.IncomingMessage, response: http.ServerResponse, fault: unknown): void {
  const problem = fault instanceof Problem ? fault : OURS
  if (response.headersSent) response.destroy()
  else send(request, response, problem.status, { 'Content-Type': JSON_TYPE, ...problem.fields }, errorIn(problem))
}

const OURS = new Problem(
  500,
  said('The server could not do this; its log says why.', '서버가 이 요청을 처리하지 못했다. 이유는 서버 로그에 있다.'),
)

function errorIn(problem: Problem): string {
  return JSON.stringify({ error: problem.said })
}
