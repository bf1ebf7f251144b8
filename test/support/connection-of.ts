import type { ClientConnection } from '../../lib/net/client/client-connection.js'
import type { ClientStream } from '../../lib/net/client/client-stream.js'
import type { Http1ClientStream } from '../../lib/net/client/http1-client-stream.js'
import type { Http1UpstreamStream } from '../../lib/net/upstream/http1-upstream-stream.js'
import type { UpstreamConnection } from '../../lib/net/upstream/upstream-connection.js'
import type { UpstreamStream } from '../../lib/net/upstream/upstream-stream.js'

// For tests of the pools themselves: the connection that carries an HTTP/1 stream.

export function connectionOf(stream: UpstreamStream): UpstreamConnection
export function connectionOf(stream: UpstreamStream | null): UpstreamConnection | null
export function connectionOf(stream: UpstreamStream | null): UpstreamConnection | null {
  return stream === null ? null : (stream as Http1UpstreamStream).peer
}

export function clientOf(stream: ClientStream): ClientConnection {
  return (stream as Http1ClientStream).peer
}
