// One container, started by runc as Docker, containerd and Kubernetes start it: its own namespaces for processes, network
// and files, a read-only root, no capabilities, no new privileges.
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { attempt, FOLDER, must } from './machine.mjs'

const RUNC = ['--root', join(FOLDER, 'runc')]

/**
 * @param image of `buildImage`
 * @param options `command` instead of the image's own; `env` NAME=value added; `files` path in the container -> content;
 * `memoryBytes` its limit
 */
export function startContainer(image, { command = image.config.Cmd, env = [], files = {}, memoryBytes } = {}) {
  return start((spec, bundle) => {
    spec.root = { path: image.root, readonly: true }
    spec.process = processOf(image, [...image.config.Entrypoint, ...command], env)
    spec.mounts.push(...mountsOf(files, bundle))
    if (memoryBytes) spec.linux.resources.memory = { limit: memoryBytes, swap: memoryBytes }
  })
}

/**
 * A machine run by systemd: its root is writable, and it manages control groups.
 * @param root a folder with Debian and systemd in it
 */
export function startMachine(root) {
  return start(spec => {
    spec.root = { path: root, readonly: false }
    const [bounding, env] = [OF_A_MACHINE.map(name => `CAP_${name}`), ['container=oci', `PATH=${PATH}`]]
    const capabilities = { bounding, effective: bounding, permitted: bounding }
    spec.process = { args: ['/lib/systemd/systemd'], env, cwd: '/', user: { uid: 0, gid: 0 }, capabilities }
    for (const mount of spec.mounts) if (mount.type === 'cgroup') mount.options = ['nosuid', 'noexec', 'nodev', 'rw']
    for (const destination of ['/run', '/tmp'])
      spec.mounts.push({ destination, type: 'tmpfs', source: 'tmpfs', options: ['mode=1777'] })
    spec.linux.namespaces.push({ type: 'cgroup' })
    for (const key of ['maskedPaths', 'readonlyPaths', 'resources']) delete spec.linux[key]
  })
}

/** @param change applies differences to the output of `runc spec` */
async function start(change) {
  const id = `hopwise-test-${process.pid}-${++started}`
  const bundle = join(FOLDER, id)
  mkdirSync(bundle)
  await must('runc', ['spec', '--bundle', bundle])
  const spec = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8'))
  change(spec, bundle)
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec))

  const child = spawn('runc', [...RUNC, 'run', '--bundle', bundle, id], { stdio: ['ignore', 'pipe', 'pipe'] })
  const log = collect(child)
  const ended = new Promise(done => child.on('close', code => done(code)))
  const pid = async () => JSON.parse(await must('runc', [...RUNC, 'state', id])).pid
  return {
    log,
    /** Resolves with the exit code. */
    ended,
    /** The PID outside the container of the process that is PID 1 inside. */
    pid,
    /** Its listeners can be reached only in its own network. */
    curl: async (...words) => {
      const inside = ['-t', String(await pid()), '-n']
      return attempt('nsenter', [...inside, 'curl', '-sS', '--noproxy', '*', '--max-time', '15', ...words])
    },
    exec: words => attempt('runc', [...RUNC, 'exec', id, ...words], { timeout: 60_000 }),
    /** A second process in the container, until the container ends. */
    detach: words => detach([...RUNC, 'exec', '--detach', id, ...words]),
    signal: name => must('runc', [...RUNC, 'kill', id, name]),
    /** Removes what is left of the container, even if it did not end by itself. */
    remove: async () => {
      await attempt('runc', [...RUNC, 'delete', '--force', id])
      await ended
      rmSync(bundle, { recursive: true, force: true })
    },
  }
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** What systemd needs to start services as other users, in separate namespaces. */
const OF_A_MACHINE = [
  ...['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'IPC_LOCK', 'KILL', 'MKNOD', 'NET_ADMIN'],
  ...['NET_BIND_SERVICE', 'NET_RAW', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_ADMIN', 'SYS_CHROOT', 'SYS_PTRACE'],
]

let started = 0

/** A process that stays would keep our pipes open, so there are none. */
function detach(words) {
  const child = spawn('runc', words, { stdio: 'ignore' })
  return new Promise((done, failed) => {
    child.on('close', code => (code === 0 ? done() : failed(new Error(`runc ${words.join(' ')}: exit code ${code}`))))
  })
}

function processOf({ config }, args, env) {
  const [uid = 0, gid = 0] = config.User.split(':').map(Number)
  const capabilities = Object.fromEntries(
    ['bounding', 'effective', 'inheritable', 'permitted', 'ambient'].map(set => [set, []]),
  )
  const user = { uid, gid }
  const cwd = config.WorkingDir
  return { args, env: [...config.Env, ...env], user, cwd, capabilities, noNewPrivileges: true }
}

/** Files mounted over those of the image. They are changed from outside by writing `bundle/<number>`. */
function mountsOf(files, bundle) {
  return Object.entries(files).map(([destination, content], i) => {
    const source = join(bundle, `file-${i}`)
    writeFileSync(source, content)
    return { destination, source, type: 'bind', options: ['bind', 'ro'] }
  })
}

/** The output of a process. */
function collect(child) {
  let text = ''
  let over = false
  const waiting = new Set()
  const lookAgain = () => {
    for (const look of waiting) look()
  }
  const add = part => {
    text += part
    lookAgain()
  }
  child.stdout.setEncoding('utf8').on('data', add)
  child.stderr.setEncoding('utf8').on('data', add)
  child.on('close', () => {
    over = true
    lookAgain()
  })
  return {
    text: () => text,
    /** Resolves when `part` has been printed; rejects if the process ends first, or after 15 s. */
    has: part =>
      new Promise((done, failed) => {
        const end = settle => {
          clearTimeout(timer)
          waiting.delete(look)
          settle()
        }
        const fail = why => end(() => failed(new Error(`${why} ${part}`)))
        const timer = setTimeout(() => fail('15 s without'), 15_000)
        const look = () => {
          if (text.includes(part)) end(done)
          else if (over) fail('it ended without')
        }
        waiting.add(look)
        look()
      }),
  }
}
