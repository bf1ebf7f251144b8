import { spawn } from 'node:child_process'
import * as net from 'node:net'
import type { Bench } from '../bench.js'
import { type Said, said } from '../said.js'

/** The learner's proxy cannot be reached or cannot be started. */
export class NoProxy extends Error {
  override readonly name = 'NoProxy'
  constructor(readonly reason: Said) {
    super(reason.en)
  }
}

const START_MS_MAX = 15_000
const LINES_MAX = 4_096

/** Resolves if something listens there. @throws NoProxy with the error of the connection */
export async function reached({ host, port }: { host: string; port: number }): Promise<void> {
  const refused = await tryOnce(host, port)
  if (refused !== '')
    throw new NoProxy(
      said(
        `Nothing answers at ${host}:${port} (${refused}). Start your proxy first, or let the check start it: --start 'your command'.`,
        `${host}:${port}에 연결할 수 없다(${refused}). 프록시를 먼저 실행하거나, --start '명령'으로 검사가 실행하게 하라.`,
      ),
    )
}

/**
 * Starts the learner's proxy with the shell: PORT is the port to listen on, ORIGIN (`127.0.0.1:8091`) is the server to send
 * requests to. The proxy and everything that it started ends with the bench and with this process.
 * @throws NoProxy if it does not listen in time, or ends
 */
export async function startLearner(bench: Bench, command: string, port: number, origin: string): Promise<void> {
  const env = { ...process.env, PORT: String(port), ORIGIN: origin }
  const child = spawn(command, { shell: true, detached: true, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', text => {
      if (printed.length < LINES_MAX) printed += text
    })
  let ended: string | null = null
  child.on('error', error => {
    ended = error.message
  })
  child.on('exit', (code, signal) => {
    ended = signal ?? `exit code ${code}`
  })
  const end = () => {
    process.off('exit', end)
    try {
      // The whole group: the processes that the shell has started end, too.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has already ended.
    }
  }
  bench.own(end)
  process.once('exit', end)
  const { clock } = bench
  for (const until = clock.now() + START_MS_MAX; clock.now() < until && ended === null; await bench.sleep(50))
    if ((await tryOnce('127.0.0.1', port)) === '') return
  const why = ended ?? `nothing listens on 127.0.0.1:${port} after ${START_MS_MAX / 1000} s`
  throw new NoProxy(
    said(
      `Your proxy did not start (${why}). It must listen on 127.0.0.1, on the port in PORT.${told(printed)}`,
      `프록시가 시작되지 않았다(${why}). 환경 변수 PORT의 포트로 127.0.0.1에서 기다려야 한다.${told(printed)}`,
    ),
  )
}

function told(text: string): string {
  const last = text.trim().split('\n').slice(-5).join('\n')
  return last === '' ? '' : `\n${last}`
}

/** '' if a connection is accepted, otherwise the code of the error. */
function tryOnce(host: string, port: number): Promise<string> {
  return new Promise(done => {
    const socket = net.connect({ host, port })
    socket.setTimeout(2_000, () => {
      socket.destroy()
      done('ETIMEDOUT')
    })
    socket.once('connect', () => {
      socket.destroy()
      done('')
    })
    socket.once('error', error => done((error as NodeJS.ErrnoException).code ?? error.message))
  })
}
