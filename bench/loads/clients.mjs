// Clients that wrk cannot simulate, as a separate process on the origin's core.
//   idle PORT PATH N   N connections, each after one GET: prints "ready" when all are idle, and how many are missing
//   slow PORT PATH N   N connections that each read one answer at about 300 KiB/s
// They run until they are ended.
import * as net from 'node:net'

const [what, port, path, count] = process.argv.slice(2)
const REQUEST = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`
const AT_ONCE = 100
const PAUSE_MS = 200

if (what === 'idle') await openIdle(Number(count))
else for (let i = 0; i < Number(count); i++) readSlowly()

async function openIdle(wanted) {
  let open = 0
  let ended = 0
  let started = 0
  const one = async () => {
    while (started < wanted) {
      started += 1
      const socket = await idleConnection()
      if (!socket) continue
      open += 1
      socket.on('close', () => {
        ended += 1
      })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  // After a second, a proxy that ends idle connections at once has none left.
  setTimeout(
    () => console.log(JSON.stringify({ msg: 'ready', open: open - ended, failed: wanted - open + ended })),
    1_000,
  )
}

/** Resolves with a socket that has received one complete answer, or with undefined. */
function idleConnection() {
  return new Promise(done => {
    const socket = net.connect(Number(port), '127.0.0.1', () => socket.write(REQUEST))
    let text = ''
    socket.setEncoding('latin1').on('data', part => {
      text += part
      if (/\r\n\r\n(c\r\n)?hello world\n(\r\n0\r\n\r\n)?$/.test(text)) done(socket)
    })
    socket.on('error', () => {}).on('close', () => done(undefined))
    socket.setTimeout(20_000, () => socket.destroy())
    socket.once('data', () => socket.setTimeout(0))
  })
}

function readSlowly() {
  const socket = net.connect(Number(port), '127.0.0.1', () => socket.write(REQUEST))
  socket
    .on('error', () => {})
    .on('data', () => {
      socket.pause()
      setTimeout(() => socket.resume(), PAUSE_MS)
    })
}
