import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import type { Bench } from './bench.js'
import { Impossible } from './experiment.js'
import { namespaceProgram } from './namespace-child.js'
import type { Asked, NamespaceAsk, NamespaceReply } from './namespace-messages.js'
import { counters, type KernelEnd, kernelEnds } from './namespace-proc.js'
import { said } from './said.js'

export interface NamespaceSetup {
  /** MTU of its loopback. Default 65536, as for loopback; 1500 is that of a real line. */
  readonly mtu: number
  /** Names below net.ipv4, such as `tcp_keepalive_time`. They apply only to this namespace. */
  readonly sysctls: Readonly<Record<string, string | number>>
}

/** Two ends of one connection inside the namespace. */
export interface Pair {
  readonly client: Socket
  readonly server: Socket
}

interface Awaited {
  readonly sockets: Socket[]
  done(sockets: readonly Socket[]): void
  failed(error: Error): void
}

/** The folders of `ip`, which are not in an ordinary user's PATH. */
const SYSTEM_PATHS = '/usr/sbin:/sbin'
/** The longest time for a process to start or to do a task. Real ms. */
const ANSWER_MS_MAX = 20_000
const LOOPBACK_MTU = 65_536

/**
 * A network with only this machine, in its own user and network namespace (`unshare -Urn`, which needs no privileges on most
 * Linux systems): its loopback can have the packet size of a real line, or go down, and its kernel settings can be changed,
 * without affecting the rest of the system. Connections are opened inside and used from here.
 */
export class Namespace {
  private asked = 0
  private readonly awaited = new Map<number, Awaited>()
  private lastWords = ''

  private constructor(
    private readonly bench: Bench,
    private readonly child: ChildProcess,
  ) {
    child.stderr?.on('data', octets => {
      this.lastWords += octets
    })
    child.on('message', (reply: NamespaceReply, socket) => this.heard(reply, socket as Socket | undefined))
    child.on('error', error => this.over(error))
    child.once('close', () => this.over(new Error(firstLine(this.lastWords) || 'it ended')))
  }

  /** @throws Impossible if this machine does not allow it, with the message of the system */
  static async open(bench: Bench, { mtu = LOOPBACK_MTU, sysctls = {} }: Partial<NamespaceSetup>): Promise<Namespace> {
    if (process.platform !== 'linux') throw impossible(`${process.platform} has no network namespaces`)
    const args = ['-Urn', process.execPath, '--input-type=module', '--eval', namespaceProgram()]
    const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:${SYSTEM_PATHS}` }
    const child = spawn('unshare', args, { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    const namespace = new Namespace(bench, child)
    bench.own(() => namespace.close())
    try {
      await namespace.reply(0)
      await namespace.prepare({ mtu, sysctls })
    } catch (error) {
      throw impossible((error as Error).message)
    }
    return namespace
  }

  /** Both ends of a new connection. */
  async pair(): Promise<Pair> {
    const [client, server] = await this.ask({ kind: 'pair' })
    if (!client || !server) throw new Error('The namespace sent no sockets.')
    for (const socket of [client, server]) socket.on('error', () => {})
    return { client, server }
  }

  /** From now on nothing arrives in either direction, and neither side is told: no FIN, no reset. */
  async loopbackDown(): Promise<void> {
    await this.ip('link', 'set', 'dev', 'lo', 'down')
  }

  /** What the kernel knows about this end of a connection; undefined: it no longer knows it. */
  async endOf({ localPort, remotePort }: { localPort: number; remotePort: number }): Promise<KernelEnd | undefined> {
    const ends = kernelEnds(await this.read('tcp'))
    return ends.find(end => end.localPort === localPort && end.remotePort === remotePort)
  }

  /** A kernel counter since the namespace was created: `TcpOutSegs`, `TcpExtTCPKeepAlive`. */
  async counted(name: string): Promise<number> {
    return counters((await this.read('snmp')) + (await this.read('netstat'))).get(name) ?? 0
  }

  private async prepare({ mtu, sysctls }: NamespaceSetup): Promise<void> {
    for (const [name, value] of Object.entries(sysctls))
      await this.ask({ kind: 'write', file: `/proc/sys/net/ipv4/${name}`, value: `${value}` })
    await this.ip('link', 'set', 'dev', 'lo', 'mtu', `${mtu}`, 'up')
  }

  private ip(...args: readonly string[]): Promise<unknown> {
    return this.ask({ kind: 'run', command: 'ip', args })
  }

  private read(file: string): Promise<string> {
    return readFile(`/proc/${this.child.pid}/net/${file}`, 'latin1')
  }

  private ask(asked: Asked): Promise<readonly Socket[]> {
    if (!this.child.connected) return Promise.reject(new Error('The namespace is gone.'))
    this.asked += 1
    const ask: NamespaceAsk = { id: this.asked, ...asked }
    this.child.send(ask)
    return this.reply(ask.id)
  }

  private reply(id: number): Promise<readonly Socket[]> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.over(new Error('it does not answer')), ANSWER_MS_MAX)
      const settled = (then: () => void) => {
        clearTimeout(timer)
        this.awaited.delete(id)
        then()
      }
      this.awaited.set(id, {
        sockets: [],
        done: sockets => settled(() => resolve(sockets)),
        failed: error => settled(() => reject(error)),
      })
    })
  }

  private heard(reply: NamespaceReply, socket?: Socket): void {
    const awaited = this.awaited.get(reply.id)
    if (socket) this.bench.own(() => socket.destroy())
    if (awaited === undefined) return
    if (socket) awaited.sockets.push(socket)
    if (reply.kind === 'failed') awaited.failed(new Error(firstLine(reply.why)))
    else if (reply.kind !== 'client') awaited.done(awaited.sockets)
  }

  private over(why: Error): void {
    for (const { failed } of [...this.awaited.values()]) failed(why)
  }

  /** The process ends when its connection to this one is closed. */
  private async close(): Promise<void> {
    this.over(new Error('the run is over'))
    const { exitCode, signalCode, pid } = this.child
    if (exitCode !== null || signalCode !== null || pid === undefined) return
    const ended = new Promise(resolve => this.child.once('exit', resolve))
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 2_000)
    if (this.child.connected) this.child.disconnect()
    await ended
    clearTimeout(timer)
    this.child.stderr?.destroy()
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? ''
}

function impossible(why: string): Impossible {
  return new Impossible(
    said(
      `This experiment needs its own network namespace, which is not available here: ${why}.`,
      `이 실험에는 전용 네트워크 네임스페이스가 필요하지만 이 컴퓨터에서는 만들 수 없다: ${why}.`,
    ),
  )
}
