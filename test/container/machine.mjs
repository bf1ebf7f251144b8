// What this test needs from the machine: root, five Debian packages, the registry configured in npm.
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** Commands and their Debian packages. Docker and containerd start containers with runc. */
const TOOLS = [
  ['buildah', 'buildah'],
  ['debootstrap', 'debootstrap'],
  ['runc', 'runc'],
  ['nsenter', 'util-linux'],
  ['curl', 'curl'],
]

/** Everything this test writes is in here. The base image is kept for the next run, the rest is removed. */
export const FOLDER = join(process.env.TMPDIR ?? '/tmp', 'hopwise-container')

const execute = promisify(execFile)

/** Installs what is missing. @throws if not run as root */
export function prepareMachine() {
  if (process.getuid?.() !== 0) throw new Error('test:container creates a base system and containers: run it as root')
  mkdirSync(FOLDER, { recursive: true })
  const missing = TOOLS.filter(([command]) => !isThere(command)).map(([, name]) => name)
  if (missing.length === 0) return
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = words => execFileSync('apt-get', ['-qq', ...words], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  apt(['update'])
  apt(['-y', '--no-install-recommends', 'install', ...missing])
}

/** Runs a command to its end, successful or not. @returns its exit code and its output */
export async function attempt(command, words, options = {}) {
  try {
    const { stdout, stderr } = await execute(command, words, { maxBuffer: 64 * 1024 * 1024, ...options })
    return { code: 0, out: stdout, err: stderr }
  } catch (error) {
    return { code: error.code ?? -1, out: error.stdout ?? '', err: error.stderr ?? error.message }
  }
}

/** The same for a command that must succeed. @returns its standard output, without the last line end @throws */
export async function must(command, words, options) {
  const { code, out, err } = await attempt(command, words, options)
  if (code !== 0) throw new Error(`${[command, ...words].join(' ')}: exit code ${code}\n${out}${err}`)
  return out.trimEnd()
}

/** buildah without an engine or a registry: plain folders, in our own store. */
export function buildah(...words) {
  const store = ['--storage-driver', 'vfs', '--root', join(FOLDER, 'storage'), '--runroot', join(FOLDER, 'run')]
  return must('buildah', [...store, ...words])
}

function isThere(command) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.some(folder => existsSync(join(folder, command)))
}
