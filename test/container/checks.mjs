// Requirements of the image and of what runs in it. Each check: a sentence, and a function that throws or returns text to
// print.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { startContainer } from './container.mjs'
import { attempt } from './machine.mjs'

const HERE = 'http://127.0.0.1:8080'
const MEBIBYTE = 1024 * 1024
/** After this time docker stop kills. */
const GRACE_MS = 10_000
/** As much as config/kubernetes gives it. */
const MEMORY_BYTES = 256 * MEBIBYTE

export const CHECKS = [
  ['the image declares how it is run: numeric user, SIGTERM, a health check, labels', said],
  ['its files: one program, no shell, nothing set-uid, nothing writable by its user', files],
  ['bare, with 256 MiB: a reverse proxy for HOPWISE_UPSTREAM, a name from /etc/hosts; the health check passes', bare],
  ['it is PID 1, user 1000, without capabilities, on a root that it cannot write to', confined],
  ['without an upstream it is healthy, and answers 502', alone],
  ['the health check notices a process that does not answer', stuck],
  ['SIGTERM: running exchanges complete, the exit code is 0, within the 10 s of docker stop', drained],
  ['a second SIGTERM ends it at once', hurried],
  ['a custom file replaces the one in the image', ownFile],
  ['the admin listener, inside: alive, ready, metrics, the live page', admin],
  ['the ConfigMap of config/kubernetes: SIGTERM, not ready at once, accepting for announceMs, then the end', pod],
  ['another command instead of the file: demo', demo],
]

async function said({ config }) {
  assert.match(config.User, /^[1-9]\d*:[1-9]\d*$/)
  assert.equal(config.StopSignal, 'SIGTERM')
  assert.equal(config.Healthcheck.Test[0], 'CMD', 'no shell for it')
  assert.deepEqual(config.Cmd, ['serve', '--config', '/etc/hopwise/hopwise.yaml'])
  for (const label of ['title', 'description', 'version', 'licenses'])
    assert.ok(config.Labels[`org.opencontainers.image.${label}`], label)
  return `${config.Entrypoint.join(' ')} ${config.Cmd.join(' ')}`
}

async function files({ root }) {
  const all = await attempt('find', [root, '-type', 'f', '-printf', '%s %m %U %P\n'])
  const rows = all.out.trimEnd().split('\n').map(readRow)
  const programs = rows.filter(({ mode, path }) => mode & 0o111 && !/^(lib|lib64|app)\//.test(path))
  assert.deepEqual(
    programs.map(({ path }) => path),
    ['usr/local/bin/node'],
  )
  assert.deepEqual(
    rows.filter(({ path }) => /(^|\/)(sh|bash|dash|busybox)$/.test(path)),
    [],
  )
  assert.deepEqual(
    rows.filter(({ mode, user }) => mode & 0o6002 || user !== 0),
    [],
  )
  const mebibytes = part => Math.round(sum(rows.filter(({ path }) => path.startsWith(part))) / MEBIBYTE)
  const parts = ['usr/local/bin/node', 'app/node_modules', 'app/dist', 'lib'].map(part => `${part} ${mebibytes(part)}`)
  return `${rows.length} files, ${mebibytes('')} MiB: ${parts.join(', ')}`
}

async function bare(image) {
  // The service is in the container, too, and shares the memory.
  return withContainer(image, { ...gateway(), memoryBytes: MEMORY_BYTES }, async container => {
    await container.log.has('"listening"')
    await container.detach([...image.config.Entrypoint, 'demo', '--listen', '127.0.0.1:3000'])
    const answer = await until(() => container.curl('-f', `${HERE}/headers`))
    assert.match(answer.out, /^Via: 1\.1 /m)
    const much = await container.curl(
      '-o',
      '/dev/null',
      '-w',
      '%{http_code} %{size_download}',
      `${HERE}/bytes?n=100000000`,
    )
    assert.equal(much.out, '200 100000000')
    const { code, out } = await container.exec(image.config.Healthcheck.Test.slice(1))
    assert.equal(code, 0)
    const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${await container.pid()}/status`, 'utf8')) ?? []
    return `${out.trim()} 100 MB passed, at most ${Math.round(Number(peak) / 1024)} MiB resident`
  })
}

async function confined(image) {
  return withContainer(image, {}, async container => {
    await container.log.has('"listening"')
    const pid = await container.pid()
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    assert.match(status, /^Uid:\t1000\t1000\t1000\t1000$/m)
    assert.match(status, /^NSpid:\t\d+\t1$/m)
    assert.match(status, /^CapEff:\t0+$/m)
    assert.match(status, /^CapBnd:\t0+$/m)
    assert.match(status, /^NoNewPrivs:\t1$/m)
    const [, , , , , options] = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n')[0].split(' ')
    assert.match(options, /(^|,)ro(,|$)/)
    const open = readdirSync(`/proc/${pid}/fd`).flatMap(fd => linkOf(`/proc/${pid}/fd/${fd}`))
    assert.deepEqual(
      open.filter(path => path.startsWith('/') && !path.startsWith('/dev/')),
      [],
      'no file is open',
    )
    return /^VmRSS:\s+(.*)$/m.exec(status)?.[0].replace(/\s+/, ' ')
  })
}

async function alone(image) {
  return withContainer(image, gateway(), async container => {
    await container.log.has('"listening"')
    const { out } = await container.curl('-o', '/dev/null', '-w', '%{http_code} %header{proxy-status}', `${HERE}/`)
    assert.match(out, /^502 .*connection_refused/)
    assert.equal((await container.exec(image.config.Healthcheck.Test.slice(1))).code, 0)
    return out
  })
}

async function stuck(image) {
  return withContainer(image, {}, async container => {
    await container.log.has('"listening"')
    await container.signal('STOP')
    const { code, err } = await container.exec(image.config.Healthcheck.Test.slice(1))
    await container.signal('CONT')
    assert.equal(code, 1)
    return err.trim()
  })
}

async function drained(image) {
  return withContainer(image, { command: ['demo'] }, async container => {
    await container.log.has('"listening"')
    const slow = container.curl('-f', `${HERE}/slow?ms=2500`)
    await until(() => established(container, 1))
    const began = performance.now()
    await container.signal(image.config.StopSignal)
    await container.log.has('"draining')
    const refused = async () => ((await container.curl(`${HERE}/`)).code === 7 ? 0 : 1)
    await until(async () => ({ code: await refused(), out: 'new connections are still accepted' }))
    assert.deepEqual({ code: 0, out: 'This took 2500 ms.\n', err: '' }, await slow)
    assert.equal(await container.ended, 0)
    const ms = Math.round(performance.now() - began)
    assert.ok(ms < GRACE_MS)
    return `${ms} ms from SIGTERM to the end`
  })
}

async function hurried(image) {
  return withContainer(image, { command: ['demo'] }, async container => {
    await container.log.has('"listening"')
    const slow = container.curl(`${HERE}/slow?ms=9000`)
    await until(() => established(container, 1))
    await container.signal('TERM')
    await container.log.has('"draining')
    await container.signal('TERM')
    const code = await container.ended
    await slow
    assert.equal(code, 143)
    return `exit code ${code}`
  })
}

async function ownFile(image) {
  const own = "listeners:\n  - address: ':8081'\n    routes: [{ upstream: 'http://127.0.0.1:3000' }]\n"
  return withContainer(image, { files: { '/etc/hopwise/hopwise.yaml': own } }, async container => {
    await container.log.has('"listening"')
    await container.detach([...image.config.Entrypoint, 'demo', '--listen', '127.0.0.1:3000'])
    const answer = await until(() => container.curl('-f', 'http://127.0.0.1:8081/'))
    return answer.out.trim()
  })
}

async function admin(image) {
  return withContainer(image, {}, async container => {
    await container.log.has('"listening"')
    const ask = async path => (await container.curl('-f', `http://127.0.0.1:9090${path}`)).out
    assert.equal(await ask('/healthz'), 'alive\n')
    assert.equal(await ask('/readyz'), 'ready\n')
    const metrics = await ask('/metrics')
    assert.match(metrics, /^hopwise_ready 1$/m)
    assert.match(await ask('/'), /<html/)
    return `${metrics.split('\n').length} lines of metrics`
  })
}

async function pod(image) {
  const file = parse(readFileSync(new URL('../../config/kubernetes/configmap.yaml', import.meta.url), 'utf8'))
  const text = file.data['hopwise.yaml']
  const { announceMs } = parse(text).deadlines
  const files = {
    '/etc/hopwise/hopwise.yaml': text,
    '/etc/hosts': '127.0.0.1 localhost app-pods.shop.svc.cluster.local\n',
  }
  return withContainer(image, { env: ['POD_NAMESPACE=shop'], files }, async container => {
    await container.log.has('"listening"')
    await container.detach([...image.config.Entrypoint, 'demo', '--listen', '127.0.0.1:3000'])
    await until(() => container.curl('-f', `${HERE}/`))
    const ready = async () =>
      (await container.curl('-o', '/dev/null', '-w', '%{http_code}', 'http://127.0.0.1:9090/readyz')).out
    assert.equal(await ready(), '200')
    const began = performance.now()
    await container.signal(image.config.StopSignal)
    await until(async () => ({ code: (await ready()) === '503' ? 0 : 1, out: 'still ready' }))
    const noticed = Math.round(performance.now() - began)
    const { out } = await container.curl('-f', '-i', `${HERE}/`)
    assert.match(out, /^HTTP\/1\.1 200 /, 'a client that does not know it yet is served')
    assert.match(out, /^connection: close\r$/im)
    await container.log.has('"stopped"')
    const ms = Math.round(performance.now() - began)
    assert.ok(ms >= announceMs && ms < announceMs + 2_000, `${ms} ms`)
    assert.equal(await container.ended, 0)
    return `not ready after ${noticed} ms, stopped after ${ms} ms`
  })
}

async function demo(image) {
  return withContainer(image, { command: ['demo'] }, async container => {
    await container.log.has('"listening"')
    assert.equal((await container.exec(image.config.Healthcheck.Test.slice(1))).code, 0)
    return (await container.curl('-f', `${HERE}/`)).out.trim()
  })
}

/** The image as it is, with a service called app on port 3000. */
function gateway() {
  return { env: ['HOPWISE_UPSTREAM=http://app:3000'], files: { '/etc/hosts': '127.0.0.1 localhost app\n' } }
}

/** Connections that the proxy has accepted, from the kernel: port 8080 is 1F90, established is 01. */
async function established(container, count) {
  const tables = ['tcp', 'tcp6'].map(async name => readFileSync(`/proc/${await container.pid()}/net/${name}`, 'utf8'))
  const lines = (await Promise.all(tables)).join('').split('\n')
  const found = lines.filter(line => /^\s*\d+: [0-9A-F]+:1F90 \S+ 01 /.test(line)).length
  return { code: found >= count ? 0 : 1, out: String(found) }
}

async function withContainer(image, options, use) {
  const container = await startContainer(image, options)
  try {
    return await use(container)
  } catch (error) {
    error.message += `\n${container.log.text()}`
    throw error
  } finally {
    await container.remove()
  }
}

/** Retries until the result is good, for at most 10 s. */
async function until(ask) {
  for (let tries = 0; ; tries++) {
    const answer = await ask()
    if (answer.code === 0) return answer
    if (tries === 100) throw new Error(`not within 10 s: ${answer.out}${answer.err ?? ''}`)
    await new Promise(done => setTimeout(done, 100))
  }
}

function readRow(line) {
  const [size, mode, user, ...path] = line.split(' ')
  return { size: Number(size), mode: Number.parseInt(mode, 8), user: Number(user), path: join(...path) }
}

function sum(rows) {
  return rows.reduce((all, { size }) => all + size, 0)
}

/** What a descriptor points to; empty if it was closed meanwhile. */
function linkOf(path) {
  try {
    return [readlinkSync(path)]
  } catch {
    return []
  }
}
