// A first proxy: one request for each connection, and no knowledge of hops.
import { connect, createServer } from 'node:net'

const [originHost, originPort] = (process.env.ORIGIN ?? '127.0.0.1:8091').split(':')

function serve(client) {
  let text = ''
  client.setEncoding('latin1')
  client.on('error', () => client.destroy())
  client.on('data', function read(more) {
    text += more
    const end = text.indexOf('\r\n\r\n')
    if (end === -1) return
    client.off('data', read)
    forward(client, text.slice(0, end).split('\r\n'), text.slice(end + 4))
  })
}

function forward(client, [startLine, ...fields], rest) {
  // Here your proxy decides which fields end and which go on. So far, all of them go on.
  const head = [startLine, ...fields, 'Connection: close', '', ''].join('\r\n')
  const origin = connect(Number(originPort), originHost)
  origin.on('error', () => client.destroy())
  origin.write(head + rest, 'latin1')
  // The origin was told to close: its end is the end of the response.
  origin.pipe(client)
}

createServer(serve).listen(Number(process.env.PORT ?? 9000), '127.0.0.1')
