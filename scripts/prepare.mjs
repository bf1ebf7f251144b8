// Installs and builds if needed, and prints nothing if not. `npm start` and `npm test` run it first, so that a clone and
// Node are all one needs. Plain JavaScript: there may be no compiler yet.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const STAMP = join(ROOT, 'dist/.built')
const MAIN = join(ROOT, 'dist/bin/hopwise.js')
/** The pages: served as they are written, so they are copied and not compiled. */
const PAGES = ['lib/admin/page', 'lib/lab/page']

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`hopwise needs Node 20.19 or newer, this is ${process.version}.\n`)
  process.exit(1)
}
if (!isInstalled()) install()
if (!isBuilt()) build()

/** Compares the contents of the two lock files, not their times: a checkout changes times, and `npm ci` by hand counts too. */
function isInstalled() {
  const wanted = readPackages('package-lock.json')
  const there = readPackages('node_modules/.package-lock.json')
  if (!wanted || !there) return false
  return Object.entries(wanted).every(
    // Optional packages are those of other platforms.
    ([path, { version, optional, link }]) => path === '' || optional || link || there[path]?.version === version,
  )
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(join(ROOT, path), 'utf8')).packages
  } catch {
    return undefined
  }
}

function install() {
  process.stderr.write('hopwise: installing dependencies …\n')
  // The npm that runs us; otherwise the one in PATH.
  const npm = process.env.npm_execpath
  const words = ['ci', '--no-audit', '--no-fund', '--no-progress', '--loglevel=error']
  if (npm?.endsWith('.js')) run(process.execPath, [npm, ...words])
  else run(process.platform === 'win32' ? 'npm.cmd' : 'npm', words)
}

/** Built after the last change of a source, of the compiler's settings, or of the installed packages. */
function isBuilt() {
  if (!existsSync(MAIN) || !existsSync(STAMP)) return false
  const built = statSync(STAMP).mtimeMs
  const files = ['package.json', 'tsconfig.json', 'node_modules/.package-lock.json']
  return [...files.map(file => join(ROOT, file)), ...sourcesOf('bin'), ...sourcesOf('lib')].every(
    path => statSync(path).mtimeMs <= built,
  )
}

/** The sources and their folders: a folder changes when a file in it is removed. */
function sourcesOf(folder) {
  const path = join(ROOT, folder)
  return [path, ...readdirSync(path, { recursive: true }).map(name => join(path, name))]
}

function build() {
  process.stderr.write('hopwise: building …\n')
  const began = new Date()
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
  run(process.execPath, [compiler, '-p', 'tsconfig.json', '--incremental', '--tsBuildInfoFile', 'dist/.tsbuildinfo'])
  for (const page of PAGES)
    if (existsSync(join(ROOT, page))) cpSync(join(ROOT, page), join(ROOT, 'dist', page), { recursive: true })
  for (const path of staleOutputs()) rmSync(path)
  chmodSync(MAIN, 0o755)
  writeFileSync(STAMP, '')
  // Sources saved while the compiler ran must be newer than the build.
  utimesSync(STAMP, began, began)
}

/** Outputs whose sources are gone: code without a source must not be importable. */
function staleOutputs() {
  return ['bin', 'lib'].flatMap(folder =>
    readdirSync(join(ROOT, 'dist', folder), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath ?? entry.path, entry.name))
      .filter(path => {
        const copied = join(ROOT, relative(join(ROOT, 'dist'), path))
        return !existsSync(copied) && !existsSync(copied.replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts'))
      }),
  )
}

function run(command, words) {
  // Standard input is not read, and may be closed. The output of npm and tsc is not ours: it goes to standard error.
  const { status, error } = spawnSync(command, words, { cwd: ROOT, stdio: ['ignore', 2, 2] })
  if (error) process.stderr.write(`hopwise: ${command} cannot be run: ${error.message}\n`)
  if (status !== 0) process.exit(status ?? 1)
}
