// A first proxy: one request for each connection, and nothing known of hops.
import { connect, createServer } from 'node:net'

const [originHost, originPort] = (process.env.ORIGIN ?? '127.0.0.1:8091').split(':')

function serve(client) {
  let octets = ''
  client.setEncoding('latin1')
  client.on('error', () => client.destroy())
  client.on('data', function read(more) {
    octets += more
    const end = octets.indexOf('\r\n\r\n')
    if (end === -1) return
    client.off('data', read)
    forward(client, octets.slice(0, end).split('\r\n'), octets.slice(end + 4))
  })
}

function forward(client, [startLine, ...fields], rest) {
  // Here is where a field ends or goes on. So far every one of them goes on.
  const head = [startLine, ...fields, 'Connection: close', '', ''].join('\r\n')
  const origin = connect(Number(originPort), originHost)
  origin.on('error', () => client.destroy())
  origin.write(head + rest, 'latin1')
  // The origin was told to close: its end is the end of the response.
  origin.pipe(client)
}

createServer(serve).listen(Number(process.env.PORT ?? 9000), '127.0.0.1')
