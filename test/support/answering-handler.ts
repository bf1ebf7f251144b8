import type { ClientConnection, ClientExchange } from '../../lib/net/client/client-connection.js'
import type { ClientHandler } from '../../lib/net/client/client-pool.js'
import type { ClientStream } from '../../lib/net/client/client-stream.js'
import { clientOf } from './connection-of.js'

/** Answers each request at once with the facts about its client, as JSON; `/close` closes the connection, `/cut` resets it. */
export class AnsweringHandler implements ClientHandler {
  readonly heard: string[] = []
  begin(stream: ClientStream): ClientExchange {
    const client = clientOf(stream)
    let target = ''
    return {
      onRequestHead(head) {
        client.understood()
        target = head.target
      },
      onRequestContent() {},
      onRequestEnd: () => {
        const { address, port, peerAddress, scheme, tls } = client
        const text = JSON.stringify({
          pid: process.pid,
          id: client.id,
          address,
          port,
          peerAddress,
          scheme,
          tls,
          ends: client.ends(),
          target,
        })
        client.transport.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`)
        client.transport.flush()
        if (target === '/cut') client.abort('response-truncated', true)
        else client.finish(target === '/close' ? 'client-close' : 'keep')
      },
      onProtocolError: error => client.close('client-protocol-error', error.message),
      onClientFin() {},
      onClientFlushed() {},
      onClientGone() {},
      onClientDeadline: () => client.close('client-head-timeout'),
      flush() {},
      onFault() {},
    }
  }
  refusal(why: string, status: 400 | 503): string {
    return `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: ${why.length}\r\n\r\n${why}`
  }
  opened(client: ClientConnection): void {
    this.heard.push(`${client.id} opened ${client.address}`)
  }
  closed(client: ClientConnection): void {
    this.heard.push(`${client.id} ${client.reason}${client.detail === '' ? '' : `: ${client.detail}`}`)
  }
  fault(fault: unknown): void {
    this.heard.push(`fault ${fault}`)
  }
  warn(code: string, message: string): void {
    this.heard.push(`${code}: ${message}`)
  }
}
