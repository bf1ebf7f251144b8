import type * as http from 'node:http'
import { said } from '../said.js'
import { Problem, wrongMethod } from './problem.js'

export const JSON_TYPE = 'application/json; charset=utf-8'
export const STREAM_TYPE = 'text/event-stream; charset=utf-8'

/** @param allow `GET, HEAD` @throws Problem 405 */
export function permit({ method = '' }: http.IncomingMessage, allow: string): void {
  if (!allow.split(', ').includes(method)) throw wrongMethod(allow)
}

/** Sends a response. Announced content that was not read makes the connection unusable, so an error answer closes it. */
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

/** Sends the error in both languages. Anything that is not a `Problem` is an internal error. */
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
