import type { AddressInfo, Socket } from 'node:net'
import type { NamespaceAsk, NamespaceReply } from './namespace-messages.js'

/**
 * The program of the process in the namespace: runs a command, writes a file, connects two sockets with each other and sends both
 * to its parent. It is passed there as its own text (`namespaceProgram`), so that it needs neither a file nor a loader: it may
 * use nothing of this module except types.
 */
async function insideNamespace(): Promise<void> {
  const { execFileSync } = await import('node:child_process')
  const { writeFileSync } = await import('node:fs')
  const { connect, createServer } = await import('node:net')
  const server = createServer({ pauseOnConnect: true })
  const tell = (reply: NamespaceReply, socket?: Socket) => process.send?.(reply, socket)

  /** Neither end reads here: the bytes are for the process that receives the sockets. */
  const pair = async (id: number) => {
    if (!server.listening) await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    const accepted = new Promise<Socket>(resolve => server.once('connection', resolve))
    const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' })
    await new Promise((resolve, reject) => {
      client.once('error', reject)
      client.once('connect', () => resolve(client.pause()))
    })
    tell({ kind: 'client', id }, client)
    tell({ kind: 'server', id }, await accepted)
  }
  const act = async (ask: NamespaceAsk) => {
    if (ask.kind === 'pair') return pair(ask.id)
    if (ask.kind === 'run') execFileSync(ask.command, ask.args, { stdio: ['ignore', 'ignore', 'pipe'] })
    else writeFileSync(ask.file, ask.value)
    tell({ kind: 'done', id: ask.id })
  }
  // One task after another: the next accepted connection belongs to the last request.
  let before: Promise<unknown> = Promise.resolve()
  process.on('message', (ask: NamespaceAsk) => {
    before = before
      .then(() => act(ask))
      .catch(({ stderr, message }) => tell({ kind: 'failed', id: ask.id, why: `${stderr || message}` }))
  })
  process.on('disconnect', () => process.exit())
  tell({ kind: 'done', id: 0 })
}

/** For `node --input-type=module --eval`. */
export function namespaceProgram(): string {
  return `await (${insideNamespace})()`
}
