import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'

/** A response as Node's own client understood it; undefined when its parser refused it. */
export interface Response {
  /** Interim statuses before it. */
  interim: number[]
  status: number
  reason: string
  /** Names and values in turn. */
  fields: string[]
  content: string
  trailers: string[]
}

/** Sends these bytes as the answer to a request of Node's own client, then ends the connection. */
export async function askLlhttp(octets: string, method = 'GET'): Promise<Response | undefined> {
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(octets, 'latin1'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    return await ask(port, method)
  } catch {
    return undefined
  } finally {
    server.close()
  }
}

async function ask(port: number, method: string): Promise<Response> {
  const asked = request({ host: '127.0.0.1', port, method, agent: false, insecureHTTPParser: false })
  const interim: number[] = []
  asked.on('information', ({ statusCode }) => interim.push(statusCode))
  asked.on('error', () => {}) // after the response: not part of the test
  asked.end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  response.setEncoding('latin1')
  let content = ''
  for await (const text of response) content += text
  const { statusCode: status = 0, statusMessage: reason = '', rawHeaders: fields, rawTrailers: trailers } = response
  return { interim, status, reason, fields, content, trailers }
}
