// npm run bench -- --rows growth: how the cost of an operation grows with 1, 10, 100, 1,000 and 10,000 routes, servers or
// connections. In this process, without load: CPU of the serving thread, in total and in the longest turn of its event
// loop, the lowest of some rounds.
import { readFileSync } from 'node:fs'
import * as net from 'node:net'

const SIZES = [1, 10, 100, 1_000, 10_000]
const ROUNDS = 3
/** A turn is as exact as the kernel counts: some readings are too high, none too low. */
const SCHEDSTAT = `/proc/self/task/${process.pid}/schedstat`
const dist = path => import(new URL(`../dist/lib/${path}`, import.meta.url).href)

/** Writes the table, in Markdown, line by line. @param {(line: string) => void} tell @param {() => boolean} isEnded */
export async function growth(tell, isEnded = () => false) {
  const head = ['CPU in ms (in the longest turn)', ...SIZES.map(size => size.toLocaleString('en'))]
  tell(`| ${head.join(' | ')} |\n|${' --- |'.repeat(head.length)}`)
  for (const [title, make] of await things()) {
    const cells = []
    for (const size of SIZES) if (!isEnded()) cells.push(await least(make, size))
    tell(`| ${title} | ${cells.join(' | ')} |`)
  }
}

/** The measurements: a title, and a function that prepares one of a size: the work, and perhaps its end. */
async function things() {
  const { readConfigurationText } = await dist('config/read.js')
  const { planOf } = await dist('config/plan.js')
  const { HopwiseGateway } = await dist('daemon/gateway.js')
  const { Routes } = await dist('policy/routes.js')
  const { Metrics } = await dist('admin/metrics.js')
  const { jsonSteps } = await dist('admin/json-steps.js')
  const { statusOf } = await dist('admin/status.js')
  const { inSlices } = await dist('net/slices.js')
  const read = text => readConfigurationText(text, '/growth.yaml', { environment: {}, checkFiles: false })
  const planFor = text => planOf(read(text).configuration, {}, 'c2VjcmV0')
  const started = async plan => {
    const gateway = new HopwiseGateway(SILENT, '0')
    const [bound] = await gateway.start(plan)
    return { gateway, port: bound.port }
  }
  const totalsOf = async gateway => ({
    ...(await gateway.stats()),
    workers: { wanted: 1, running: 1, restarts: 0 },
    reloads: { accepted: 0, refused: 0 },
  })
  return [
    ['check of this many routes', async size => ({ work: () => void read(fileWith(size, 1)) })],
    [
      'a reload with this many routes, a tenth as many servers: the part in the serving thread',
      async size => {
        const plan = planFor(fileWith(size, size / 10))
        const { gateway } = await started(plan)
        let nth = 0
        const plans = Array.from({ length: ROUNDS }, (_, i) => withPrefix(plan, `/v${i}`))
        return { work: () => gateway.update(plans[nth++ % ROUNDS]), end: () => gateway.destroy() }
      },
    ],
    [
      'ten thousand requests for the last of this many routes',
      async size => {
        const routes = Array.from({ length: size }, (_, i) => ({ match: { path: `/p${i}/x` }, value: i }))
        const table = new Routes(routes)
        const head = { host: 'a.example', method: 'GET', path: `/p${size - 1}/x/y` }
        return {
          work: () => {
            for (let i = 0; i < 10_000; i++) table.match(head)
          },
        }
      },
    ],
    [
      '`/metrics` with this many servers',
      async size => {
        const { gateway } = await started(planFor(fileWith(1, size)))
        const metrics = new Metrics()
        const work = async () => void (await metrics.text({ totals: await totalsOf(gateway), ready: true }))
        return { work, end: () => gateway.destroy() }
      },
    ],
    [
      '`/status` with this many servers; the live page computes the same each second',
      async size => {
        const { gateway } = await started(planFor(fileWith(1, size)))
        const status = totals => statusOf({ totals, ready: true, reason: '', advice: [], now: 0 })
        const work = async () => void (await inSlices(jsonSteps(status(await totalsOf(gateway)), '  ')))
        return { work, end: () => gateway.destroy() }
      },
    ],
    [
      'a snapshot of this many client connections (100 of them shown)',
      async size => {
        const { gateway, port } = await started(planFor(fileWith(1, 1)))
        const clients = await connected(port, Math.min(size, CONNECTIONS_MAX))
        await accepted(gateway, clients.length)
        return { work: () => void gateway.snapshot(100), end: () => ended(gateway, clients) }
      },
    ],
    [
      'a drain of this many idle client connections',
      async size => {
        const { gateway, port } = await started(planFor(fileWith(1, 1)))
        const clients = await connected(port, Math.min(size, CONNECTIONS_MAX))
        await accepted(gateway, clients.length)
        for (const client of clients) client.resume()
        return { work: () => gateway.drain(0), end: () => ended(gateway, clients), once: true }
      },
    ],
  ]
}

/** Both ends are in this process, and the number of its open files is limited. */
const CONNECTIONS_MAX = Math.min(10_000, Math.floor((filesMax() - 200) / 2))

function filesMax() {
  return Number(/Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? 1024)
}

function withPrefix(plan, setPrefix) {
  const changed = ({ options, ...rest }) => ({
    ...rest,
    options: { ...options, routes: options.routes.map(route => ({ ...route, setPrefix })) },
  })
  return { ...plan, listeners: plan.listeners.map(changed) }
}

function fileWith(routes, servers) {
  const groups = Math.max(1, Math.min(50, Math.floor(servers / 20)))
  const lines = ['limits: {clientConnectionsMax: 20000, clientConnectionsPerAddressMax: 20000}']
  lines.push('listeners:', '  - address: 127.0.0.1:0', '    routes:')
  for (let i = 0; i < routes; i++)
    lines.push(`      - {host: h${i % 1000}.example, path: /p${i}, upstream: g${i % groups}}`)
  lines.push('upstreams:')
  for (let g = 0; g < groups; g++) {
    lines.push(`  g${g}:`, '    servers:')
    for (let nth = g; nth < Math.max(servers, groups); nth += groups)
      lines.push(`      - http://10.${nth >> 8}.${nth & 255}.1:3000`)
  }
  return `${lines.join('\n')}\n`
}

async function connected(port, count) {
  const sockets = []
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(100, count - sockets.length) }, () => net.connect(port, '127.0.0.1'))
    await Promise.all(
      some.map(socket => new Promise((done, failed) => socket.once('connect', done).once('error', failed))),
    )
    for (const socket of some) socket.on('error', () => {})
    sockets.push(...some)
  }
  return sockets
}

async function accepted(gateway, count) {
  while ((await gateway.stats()).client.open < count) await new Promise(resolve => setImmediate(resolve))
}

function ended(gateway, clients) {
  gateway.destroy()
  for (const client of clients) client.destroy()
}

async function least(make, size) {
  let best = { all: Number.POSITIVE_INFINITY, turn: Number.POSITIVE_INFINITY }
  let made = await make(size)
  for (let round = 0; round < ROUNDS; round++) {
    if (made.once && round > 0) {
      await made.end()
      made = await make(size)
    }
    const taken = await measured(made.work)
    best = { all: Math.min(best.all, taken.all), turn: Math.min(best.turn, taken.turn) }
  }
  await made.end?.()
  return `${digits(best.all)} (${digits(best.turn)})`
}

const digits = ms => (ms < 10 ? ms.toFixed(1) : ms.toFixed(0))

async function measured(work) {
  let before = cpuMs()
  const began = before
  let turn = 0
  const look = () => {
    const now = cpuMs()
    turn = Math.max(turn, now - before)
    before = now
    next = setImmediate(look)
  }
  let next = setImmediate(look)
  await work()
  const now = cpuMs()
  clearImmediate(next)
  return { all: now - began, turn: Math.max(turn, now - before) }
}

/** Of this thread. */
function cpuMs() {
  return Number(readFileSync(SCHEDSTAT, 'latin1').split(' ', 1)[0]) / 1e6
}

const nothing = () => {}
const SILENT = {
  logger: { info: nothing, warn: nothing, error: nothing, debug: nothing, isLevelEnabled: () => false },
  access: undefined,
}
