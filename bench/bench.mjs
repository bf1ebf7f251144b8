// npm run bench: what a request costs in hopwise, beside its neighbours. See README.md.
import { rmSync, writeFileSync } from 'node:fs'
import { stopChildren } from './children.mjs'
import { cores, findCommand, folder } from './machine.mjs'
import { measure } from './measure.mjs'
import { HELP, readOptions } from './options.mjs'
import { startOrigin } from './origin.mjs'
import { PEERS } from './peers.mjs'
import { report } from './report.mjs'
import { ROWS } from './rows.mjs'

const options = given()
if (!options) {
  process.exitCode = 1
} else if (options.help) {
  console.log(HELP)
} else if (!findCommand('wrk')) {
  console.error('The bench needs wrk for the load: apt-get install wrk')
  process.exitCode = 1
} else {
  const limit = setTimeout(
    () => end(`This took more than ${options.secondsMax} s (--seconds-max).`),
    options.secondsMax * 1000,
  )
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => end(signal))
  try {
    await bench(options)
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
  clearTimeout(limit)
  await cleanUp()
}

function given() {
  try {
    return readOptions(process.argv.slice(2))
  } catch (error) {
    console.error(`${error.message}\n\n${HELP}`)
    return undefined
  }
}

async function bench({ rounds, seconds, warmSeconds, only, rows: rowNames, json }) {
  const rows = ROWS.filter(row => rowNames.length === 0 || rowNames.includes(row.name))
  const origin = await startOrigin()
  const peers = await startPeers(only, origin)
  console.log(
    `origin: ${origin.name}; load: wrk; cores: proxy on ${cores.proxy ?? 'any'}, the others on ${cores.others ?? 'any'}`,
  )
  const results = []
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) {
      for (const peer of peers.filter(it => row.plain || !it.plainOnly)) {
        progress(`round ${round + 1} of ${rounds}: ${row.name}: ${peer.name}`)
        if (round === 0) await measure(peer, row, warmSeconds)
        results.push({ round, row: row.name, peer: peer.name, ...(await measure(peer, row, seconds)) })
      }
    }
  }
  progress('')
  console.log(report(rows, results))
  if (json)
    writeFileSync(
      json,
      `${JSON.stringify({ node: process.version, rounds, seconds, origin: origin.name, results }, null, 2)}\n`,
    )
}

async function startPeers(only, origin) {
  const started = []
  for (const peer of PEERS.filter(it => only.length === 0 || only.includes(it.name))) {
    const why = peer.missing()
    if (why) console.log(`${peer.name} is not measured: ${why}`)
    else started.push({ ...peer, ...(await peer.start(origin)) })
  }
  if (started.length === 0) throw new Error('There is nothing to measure.')
  return started
}

/** One line that replaces itself, on terminals only. */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

async function end(why) {
  console.error(`\nended early: ${why}`)
  await cleanUp()
  process.exit(1)
}

async function cleanUp() {
  await stopChildren()
  rmSync(folder, { recursive: true, force: true })
}
