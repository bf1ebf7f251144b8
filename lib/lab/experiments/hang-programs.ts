import { spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import * as net from 'node:net'
import { devNull, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Bench } from '../bench.js'
import { Impossible } from '../experiment.js'
import { owns } from '../left-behind.js'
import { said } from '../said.js'

// External programs: found in their usual folders, started without the user's configuration, ended by process id.

/** nginx is often installed in a folder that is only in root's PATH. */
const FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin', '/usr/bin', '/usr/local/bin']
/** Another program may take the port after we have asked for a free one and before nginx listens on it. */
const TRIES = 5
/** Real ms. */
const START_MS_MAX = 10_000
const END_MS_MAX = 2_000

/** @throws Impossible when it is not installed; the message says how to get it */
export function programCalled(name: string): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter(folder => folder !== ''), ...FOLDERS]
  const found = folders.map(folder => join(folder, name)).find(isProgram)
  if (found !== undefined) return found
  throw new Impossible(
    said(
      `There is no ${name} on this machine: install it, or choose the lab's own parts.`,
      `이 컴퓨터에는 ${name} 프로그램이 없다. 설치하거나 실험실의 구성 요소를 선택하라.`,
    ),
  )
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * One nginx process in the foreground, with its own configuration in its own folder. It answers every request with a short text.
 * Process and folder are gone when the run is over.
 * @param idleS its keepalive_timeout, whole seconds
 * @returns its port
 * @throws Impossible when it is not installed or does not start
 */
export async function startNginx(bench: Bench, idleS: number): Promise<number> {
  const program = programCalled('nginx')
  const home = mkdtempSync(join(tmpdir(), 'hopwise-lab-'))
  const removed = owns({ folder: home })
  const remove = () => {
    rmSync(home, { recursive: true, force: true })
    removed()
  }
  process.once('exit', remove)
  let stop = async () => {}
  bench.own(async () => {
    await stop()
    process.off('exit', remove)
    remove()
  })
  let errors = ''
  for (let tries = 0; tries < TRIES; tries++) {
    const port = await freePort()
    bench.signal.throwIfAborted()
    const config = join(home, 'nginx.conf')
    writeFileSync(config, configuration(home, port, idleS))
    const running = run(program, ['-p', home, '-c', config, '-e', 'stderr'])
    stop = running.stop
    if (await listens(bench, port, running)) return port
    errors = running.err()
    if (!/address already in use/i.test(errors)) break
  }
  throw new Impossible(didNotStart(errors))
}

function didNotStart(why: string) {
  const reason = why.trim().split('\n')[0] ?? ''
  return said(`nginx did not start: ${reason}`, `nginx가 시작되지 않았다: ${reason}`)
}

/** No master: a single process, so ending it ends nginx. It logs nothing and writes nowhere else. */
function configuration(home: string, port: number, idleS: number): string {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `  ${name}_temp_path ${home}/${name};`)
  return `daemon off;
master_process off;
pid ${home}/nginx.pid;
error_log stderr emerg;
events { worker_connections 64; }
http {
${temp.join('\n')}
  access_log off;
  default_type text/plain;
  keepalive_timeout ${idleS}s;
  server {
    listen 127.0.0.1:${port};
    location / { return 200 "Hello from nginx.\\n"; }
  }
}
`
}

/** The result of a run of curl. */
export interface CurlRan {
  readonly code: number
  /** The time of each transfer by curl's own clock, in ms. */
  readonly tookMs: readonly number[]
  /** Connections that it opened for each. */
  readonly connects: readonly number[]
  readonly err: string
}

/** curl fetches the URL twice with HTTP/1.0 and asks for its connection to be kept. `limitMs`: real time, for each transfer. */
export async function curlTwice(bench: Bench, url: string, limitMs: number): Promise<CurlRan> {
  // No configuration file and no proxy of the user: it has to connect to the URL itself.
  const plain = ['-q', '-sS', '--noproxy', '*', '--max-time', String(Math.ceil(limitMs / 1000))]
  const ask = ['--http1.0', '-H', 'Connection: keep-alive', '-o', devNull, '-o', devNull]
  const report = ['-w', '%{time_total} %{num_connects}\\n', url, url]
  const running = run(programCalled('curl'), [...plain, ...ask, ...report])
  bench.own(running.stop)
  const code = await running.ended
  const rows = running
    .out()
    .trim()
    .split('\n')
    .map(row => row.split(' ').map(Number))
  return {
    code,
    tookMs: rows.map(([seconds = 0]) => seconds * 1000),
    connects: rows.map(([, connects = 0]) => connects),
    err: running.err(),
  }
}

export interface Running {
  /** Undefined: it could not be started. */
  readonly id: number | undefined
  /** Its exit code; -1 when it could not be started, or was ended by a signal. */
  readonly ended: Promise<number>
  out(): string
  err(): string
  /** Resolves when the process has ended. */
  stop(): Promise<void>
}

/** Starts a program with an empty environment. */
export function run(program: string, args: readonly string[]): Running {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: {} })
  const gone = child.pid === undefined ? () => {} : owns({ process: child.pid })
  child.once('exit', gone)
  const read = { out: '', err: '' }
  child.stdout.on('data', octets => {
    read.out += octets
  })
  child.stderr.on('data', octets => {
    read.err += octets
  })
  const ended = new Promise<number>(done => {
    child.once('error', error => {
      read.err += error.message
      done(-1)
    })
    child.once('close', code => done(code ?? -1))
  })
  // If this process ends at once, as after a second Ctrl-C, there is no time to stop the program gently.
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  void ended.then(() => process.off('exit', kill))
  const stop = async () => {
    child.kill('SIGTERM')
    const late = setTimeout(() => child.kill('SIGKILL'), END_MS_MAX)
    await ended
    clearTimeout(late)
  }
  return { id: child.pid, ended, out: () => read.out, err: () => read.err, stop }
}

/** @returns false: it ended instead of listening. @throws the reason, when the run is cancelled */
async function listens(bench: Bench, port: number, { ended }: Running): Promise<boolean> {
  let over = false
  void ended.then(() => {
    over = true
  })
  for (const began = performance.now(); performance.now() - began < START_MS_MAX && !over; ) {
    if (await accepts(port)) return !over
    await delay(20, undefined, { signal: bench.signal })
  }
  return false
}

function accepts(port: number): Promise<boolean> {
  return new Promise(done => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      done(true)
    })
    socket.once('error', () => done(false))
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo
      server.close(() => resolve(port))
    })
  })
}
