import { once } from 'node:events'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Bench } from '../../lib/lab/bench.js'
import { Impossible } from '../../lib/lab/experiment.js'
import { Namespace } from '../../lib/lab/namespace.js'
import { counters, kernelEnds } from '../../lib/lab/namespace-proc.js'

function bench(t: Test): Bench {
  const stop = new AbortController()
  const bench = new Bench(0.1, stop.signal, () => {})
  t.teardown(() => {
    stop.abort(new Error('the test is over'))
    return bench.close()
  })
  return bench
}

/** A PATH for this test, with at most one command in it or in front of the rest: a shell script. */
function path(t: Test, { command = '', script = '', behind = '' } = {}): void {
  const folder = mkdtempSync(join(tmpdir(), 'hopwise-'))
  const before = process.env.PATH
  if (command !== '') {
    writeFileSync(join(folder, command), `#!/bin/sh\n${script}\n`)
    chmodSync(join(folder, command), 0o755)
  }
  process.env.PATH = `${folder}:${behind}`
  t.teardown(() => {
    process.env.PATH = before
    rmSync(folder, { recursive: true })
  })
}

function parentOf(pid: string): number {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1])
  } catch {
    return 0 // gone in the meantime
  }
}

function ports({ localPort = 0, remotePort = 0 }: Socket) {
  return { localPort, remotePort }
}

t.test('both ends of a connection inside can be used from here, and the kernel reports about them', async t => {
  const namespace = await Namespace.open(bench(t), { mtu: 1_500 })
  const { client, server } = await namespace.pair()
  t.strictSame(ports(client), { localPort: server.remotePort, remotePort: server.localPort })
  t.match(await namespace.endOf(ports(client)), { established: true, window: 10, retransmits: 0, unansweredProbes: 0 })
  client.write('ping')
  t.equal(String((await once(server, 'data'))[0]), 'ping')
  server.write('pong')
  t.equal(String((await once(client, 'data'))[0]), 'pong')
  t.ok((await namespace.counted('TcpOutSegs')) >= 5, 'a handshake and two pieces of data')
  client.end()
  server.resume()
  await once(server, 'end')
})

t.test('two pairs at once do not get mixed up', async t => {
  const namespace = await Namespace.open(bench(t), {})
  const pairs = await Promise.all([namespace.pair(), namespace.pair(), namespace.pair()])
  for (const { client, server } of pairs) t.equal(client.localPort, server.remotePort)
  t.equal(new Set(pairs.map(({ client }) => client.localPort)).size, 3)
})

t.test('with loopback down nothing arrives, and neither side is told', async t => {
  const namespace = await Namespace.open(bench(t), { sysctls: { tcp_retries2: 1 } })
  const { client, server } = await namespace.pair()
  let heard = 0
  server.on('data', () => {
    heard += 1
  })
  server.on('end', () => {
    heard += 1
  })
  await namespace.loopbackDown()
  client.write('is anyone there?')
  client.resume()
  const [error] = await once(client, 'error')
  t.match(error, { code: 'ETIMEDOUT' }, 'its kernel gave up')
  t.equal(heard, 0)
  t.match(await namespace.endOf(ports(server)), { established: true }, 'the other end still believes')
})

t.test('when the run is over, its process has ended and its sockets are closed', async t => {
  const bench = new Bench(0.1, new AbortController().signal, () => {})
  const own = readlinkSync('/proc/self/ns/net')
  const namespaces = () =>
    readdirSync('/proc')
      .filter(pid => /^\d+$/.test(pid))
      .filter(pid => parentOf(pid) === process.pid)
      .map(pid => readlinkSync(`/proc/${pid}/ns/net`))
      .filter(namespace => namespace !== own)
  const namespace = await Namespace.open(bench, {})
  const { client } = await namespace.pair()
  t.equal(namespaces().length, 1)
  await bench.close()
  t.strictSame(namespaces(), [])
  t.ok(client.destroyed)
  await t.rejects(namespace.pair(), 'and nothing can be asked any more')
})

t.test('without unshare, or without the right to use it, the reason is reported', async t => {
  path(t)
  await t.rejects(Namespace.open(bench(t), {}), { name: 'Impossible', reason: { en: /ENOENT/, ko: /ENOENT/ } })
  path(t, { command: 'unshare', script: "echo 'unshare: unshare failed: Operation not permitted' >&2; exit 1" })
  const refused = await Namespace.open(bench(t), {}).catch(error => error)
  t.ok(refused instanceof Impossible)
  t.match(refused.reason, { en: /Operation not permitted/, ko: /Operation not permitted/ })
})

t.test('a namespace in which loopback may not be changed is refused, with the message of ip', async t => {
  const script = "echo 'RTNETLINK answers: Operation not permitted' >&2; exit 2"
  path(t, { command: 'ip', script, behind: process.env.PATH ?? '' })
  const opened = Namespace.open(bench(t), {})
  await t.rejects(opened, { name: 'Impossible', reason: { en: /RTNETLINK answers: Operation not permitted/ } })
})

t.test('a setting that does not exist, or may not be changed, is a reason, too', async t => {
  const opened = Namespace.open(bench(t), { sysctls: { tcp_no_such_setting: 1 } })
  await t.rejects(opened, { name: 'Impossible', reason: { en: /tcp_no_such_setting/ } })
})

t.test('the texts of /proc are read correctly', async t => {
  const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode'
  const end =
    '   2: 0100007F:AA57 0100007F:EBE0 01 00000064:00000000 01:0000000B 00000003 0 2 30248933 1 000000004f4acb1b 20 0 0 10 -1'
  const waiting = '   3: 0100007F:AA57 0100007F:EBE1 06 00000000:00000000 03:00001234 00000000 0 0 0 3 000000004f4acb1b'
  t.strictSame(kernelEnds(`${head}\n${end}\n${waiting}\n`), [
    {
      localPort: 0xaa57,
      remotePort: 0xebe0,
      established: true,
      unacknowledged: 100,
      retransmits: 3,
      unansweredProbes: 2,
      window: 10,
    },
  ])
  t.strictSame(
    [...counters('Tcp: OutSegs RetransSegs\nTcp: 17 2\nTcpExt: TCPKeepAlive\nTcpExt: 4\n')],
    [
      ['TcpOutSegs', 17],
      ['TcpRetransSegs', 2],
      ['TcpExtTCPKeepAlive', 4],
    ],
  )
})
