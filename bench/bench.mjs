// npm run bench: the cost of a request in hopwise and in other proxies. See README.md.
import { rmSync } from 'node:fs'
import { loadavg } from 'node:os'
import { stopChildren } from './children.mjs'
import { growth } from './growth.mjs'
import { installPackages } from './install.mjs'
import { cores, describeMachine, findCommand, folder } from './machine.mjs'
import { HELP, readOptions } from './options.mjs'
import { startOrigins } from './origins/start.mjs'
import { NODE_PEERS } from './peers/node-peers.mjs'
import { textReport } from './report/report.mjs'
import { gate, readBaseline, saveBaseline, toJson, writeJson, writeResults } from './results.mjs'
import { cellsOf, estimate, rowLacks, runRounds } from './rounds.mjs'
import { ROWS } from './rows.mjs'
import { Running } from './running.mjs'
import { soak } from './soak.mjs'

const GROWTH_SECONDS_MAX = 600
let ended = ''
const isEnded = () => ended !== ''

try {
  await main(readOptions(process.argv.slice(2)))
} catch (error) {
  console.error(error.code?.startsWith('ERR_PARSE_ARGS') ? `${error.message}\n\n${HELP}` : error.message)
  process.exitCode = 1
} finally {
  await stopChildren()
  rmSync(folder, { recursive: true, force: true })
}

async function main(options) {
  if (options.help) return console.log(HELP)
  if (options.growth) return runGrowth(options)
  if (!findCommand('wrk')) throw new Error('The bench needs wrk for the load: apt-get install wrk')
  if (options.gate) readBaseline()
  const plan = { ...options, ...available(options) }
  const limit = setTimeout(() => end(`--seconds-max ${secondsMax(plan)}`), secondsMax(plan) * 1000)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => end(signal))
  try {
    await work(plan)
  } finally {
    clearTimeout(limit)
  }
  if (isEnded()) {
    console.error(`ended early: ${ended}`)
    process.exitCode = 1
  }
}

/** Without peers and without load. */
async function runGrowth({ secondsMax = GROWTH_SECONDS_MAX }) {
  // There are no children to stop, and a single measurement may take longer than it should.
  const limit = setTimeout(() => {
    console.error(`ended early: --seconds-max ${secondsMax}`)
    process.exit(1)
  }, secondsMax * 1000)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => end(signal))
  console.log(`${describeMachine()}; load average ${loadavg()[0].toFixed(1)}\n`)
  await growth(line => console.log(line), isEnded)
  clearTimeout(limit)
  if (isEnded()) {
    console.error(`ended early: ${ended}`)
    process.exitCode = 1
  }
}

/** What can be measured here; the rest is reported, with what is missing. */
function available({ rows, peers }) {
  const used = peers.filter(peer => cellsOf(rows, [peer], 0).length > 0)
  installPackages(used)
  const missing = [
    ...used.filter(it => it.missing()).map(it => `${it.name} (${it.missing()})`),
    ...rows.filter(rowLacks).map(it => `row ${it.name} (${rowLacks(it)})`),
  ]
  for (const it of missing) console.log(`not measured: ${it}`)
  const found = { rows: rows.filter(it => !rowLacks(it)), peers: used.filter(it => !it.missing()), missing }
  if (cellsOf(found.rows, found.peers, 0).length === 0) throw new Error('There is nothing to measure.')
  return found
}

async function work(plan) {
  const origins = await startOrigins()
  const context = { running: new Running(origins), raw: origins.raw, isEnded, onStep }
  console.log(
    `${describeMachine()}; load average ${loadavg()[0].toFixed(1)}; origins: ${origins.nginx.name} and raw; ` +
      `cores: proxy on ${cores.proxy ?? 'any'}, the others on ${cores.others ?? 'any'}; about ${timeOf(plan)}`,
  )
  if (plan.soak) return runSoak(plan, context)
  const run = await runPlan(plan, context)
  console.log(textReport(run))
  if (isEnded()) return
  if (plan.json) writeJson(plan.json, toJson(run))
  if (plan.whole) console.log(`\nwritten: ${writeResults(run)}`)
  if (plan.saveBaseline) console.log(`\nwritten: ${saveBaseline(run)}`)
  if (plan.gate) await runGate(plan, context, run)
}

async function runPlan(plan, context) {
  const results = []
  const failures = []
  const onFailure = text => failures.push(text)
  await runRounds(plan, { ...context, onResult: it => results.push(it), onFailure })
  onStep('')
  const versions = Object.fromEntries(plan.peers.map(it => [it.name, it.version()]))
  return { ...plan, results, failures, versions, nodePeers: NODE_PEERS.map(it => it.name) }
}

/** A row that fails is measured again: a bad minute of the machine is not a regression. */
async function runGate(plan, context, run) {
  const first = gate(plan.rows, run.results)
  console.log(`\nthe gate\n${first.text}`)
  if (first.failed.length === 0) return
  const rows = plan.rows.filter(it => first.failed.includes(it.name))
  const second = gate(rows, (await runPlan({ ...plan, rows }, context)).results)
  if (isEnded()) return
  console.log(`\nthe rows that failed, measured again\n${second.text}`)
  if (second.failed.length > 0) throw new Error(`\nregression: ${second.failed.join(', ')}`)
}

async function runSoak(plan, context) {
  const soaks = []
  for (const peer of plan.peers.filter(it => !it.byName && !it.plainOnly)) {
    const { text, ...one } = await soak(peer, ROWS, plan.soak, context)
    onStep('')
    console.log(`\n${text}`)
    soaks.push(one)
  }
  if (plan.json) writeJson(plan.json, { machine: describeMachine(), soaks })
}

function seconds(plan) {
  return plan.soak ? plan.peers.length * (plan.soak * 60 + 10) : estimate(plan)
}

function secondsMax(plan) {
  const twice = plan.gate ? 2 : 1
  return plan.secondsMax ?? Math.ceil(seconds(plan) * 1.5 * twice + 60)
}

function timeOf(plan) {
  const minutes = seconds(plan) / 60
  return minutes < 2 ? `${Math.ceil(seconds(plan))} s` : `${Math.ceil(minutes)} minutes`
}

/** A status line that overwrites itself, on terminals only. */
function onStep(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

/** What has been measured so far is still shown. */
function end(why) {
  ended = why
  stopChildren()
}
