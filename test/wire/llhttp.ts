import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

/** A request as a parser understood it. */
export interface Understood {
  method: string
  target: string
  /** Names and values in turn. */
  fields: string[]
  content: string
  trailers: string[]
}

export interface Verdict {
  /** The complete requests. */
  requests: Understood[]
  /** Node's code for what its parser refused, or ''. */
  error: string
}

/** Node's own parser, strict, in a real server: bytes go in on a separate connection, and it reports what it understood. */
export interface Llhttp {
  read(octets: string): Promise<Verdict>
  close(): Promise<void>
}

interface Conversation {
  verdict: Verdict
  answers: ServerResponse[]
  pending: number
  ended: boolean
}

export async function startLlhttp(): Promise<Llhttp> {
  const conversations = new Map<Socket, Conversation>()
  const server = createServer({ insecureHTTPParser: false, requireHostHeader: false, maxHeaderSize: 1 << 20 })
  server.maxHeadersCount = 0
  // Requests are answered after the client's FIN only: an answered `Connection: close` would end the reading.
  Object.assign(server, { httpAllowHalfOpen: true })

  const answerAll = (conversation: Conversation) => {
    if (conversation.ended && conversation.pending === 0) for (const answer of conversation.answers) answer.end()
  }
  const take = (request: IncomingMessage, answer: ServerResponse) => {
    const conversation = conversations.get(request.socket)!
    conversation.answers.push(answer)
    conversation.pending++
    let content = ''
    request.setEncoding('latin1')
    request.on('data', text => {
      content += text
    })
    request.on('error', () => {}) // truncated: reported by clientError
    request.on('end', () => {
      conversation.verdict.requests.push(understood(request, content))
      conversation.pending--
      answerAll(conversation)
    })
  }
  server.on('request', take)
  server.on('checkContinue', take)
  server.on('checkExpectation', take)
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    conversations.get(socket)!.verdict.requests.push(understood(request, ''))
    socket.destroy()
  })
  server.on('connection', socket => {
    const conversation = { verdict: { requests: [], error: '' }, answers: [], pending: 0, ended: false }
    conversations.set(socket, conversation)
    socket.on('end', () => {
      conversation.ended = true
      answerAll(conversation)
    })
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    conversations.get(socket as Socket)!.verdict.error = error.code ?? 'unknown'
    setImmediate(() => socket.destroy()) // after the end events of the requests before it
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    async read(octets) {
      const accepted = once(server, 'connection')
      const client = connect({ host: '127.0.0.1', port })
      client.on('error', () => {})
      client.resume()
      const [socket] = (await accepted) as [Socket]
      const closed = once(socket, 'close').catch(() => {})
      client.end(octets, 'latin1')
      await closed
      client.destroy()
      const { verdict } = conversations.get(socket)!
      conversations.delete(socket)
      return verdict
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function understood(request: IncomingMessage, content: string): Understood {
  return {
    method: request.method!,
    target: request.url!,
    fields: request.rawHeaders,
    content,
    trailers: request.rawTrailers,
  }
}
