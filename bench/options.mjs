import { parseArgs } from 'node:util'
import { PEERS } from './peers/index.mjs'
import { ROWS } from './rows.mjs'

const QUICK_PEERS = ['nginx', 'haproxy', 'empty-relay', 'hopwise', 'http-proxy']
const GATE_PEERS = ['nginx', 'hopwise']
const names = list => list.map(it => it.name).join(', ')

export const HELP = `npm run bench -- [options]
  --quick            the headline rows and peers, three rounds of one second: less than two minutes
  --gate             hopwise and nginx in the headline rows, against bench/results/baseline.json: exit code 1 if a
                     ratio is more than 10 % worse, twice
  --save-baseline    write the ratios of this run to that file
  --soak MINUTES     mixed load on one proxy after the other (default: hopwise alone), and its memory over time
  --rows A,B         only these rows; growth, alone: costs that grow with routes, servers and connections, in hopwise
  --peers A,B        only these proxies
  --rounds N         rounds over all proxies (3; gate 5)
  --seconds N        whole seconds of load for one row of one proxy (3; quick 1; gate 2)
  --offered N        requests per second of the row 'offered' (16000)
  --json FILE        write every single result, for programs
  --seconds-max N    end the bench after this time in any case (1.5 times the expected time, and a minute)

rows: ${names(ROWS)}
peers: ${names(PEERS)}

A run of all rows and peers (no --quick, --gate, --rows or --peers) writes bench/results/<date>.md and .json.`

/** @throws Error that names what is wrong with the command line. */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      gate: { type: 'boolean', default: false },
      'save-baseline': { type: 'boolean', default: false },
      soak: { type: 'string' },
      rows: { type: 'string', multiple: true },
      peers: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      offered: { type: 'string' },
      json: { type: 'string' },
      'seconds-max': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { quick, gate } = values
  if (quick && gate) throw new Error('--quick and --gate cannot be combined')
  const short = quick || gate
  const number = name => positive(values[name], `--${name}`)
  const growth = values.rows?.join(',') === 'growth'
  const rows = chosen(growth ? undefined : values.rows, ROWS, '--rows') ?? ROWS.filter(it => !short || it.headline)
  const peers = withCompanions(chosen(values.peers, PEERS, '--peers'), rows)
  const ofRun = gate ? GATE_PEERS : quick ? QUICK_PEERS : PEERS.map(it => it.name)
  const soak = number('soak')
  return {
    help: values.help,
    quick,
    gate,
    growth,
    saveBaseline: values['save-baseline'],
    soak,
    rows,
    peers: peers ?? PEERS.filter(it => (soak ? it.name === 'hopwise' : ofRun.includes(it.name))),
    rounds: number('rounds') ?? (gate ? 5 : 3),
    seconds: number('seconds') ?? (gate ? 2 : quick ? 1 : 3),
    // A new process in each round averages out lucky starts; a short run has no time for that.
    restart: !short,
    offered: number('offered') ?? 16_000,
    json: values.json,
    secondsMax: number('seconds-max'),
    whole: !short && !soak && !values.rows && !values.peers,
  }
}

function chosen(given, known, option) {
  if (!given) return undefined
  const wanted = given.join(',').split(',').filter(Boolean)
  const unknown = wanted.find(name => !known.some(it => it.name === name))
  if (unknown || wanted.length === 0)
    throw new Error(`${option}: ${unknown ? `unknown name ${unknown}` : 'no name given'}. Known: ${names(known)}`)
  return known.filter(it => wanted.includes(it.name))
}

/** A row that compares hopwise with a variant of itself adds that variant. */
function withCompanions(peers, rows) {
  if (!peers?.some(it => it.name === 'hopwise')) return peers
  const named = new Set(rows.flatMap(it => it.peers ?? []))
  return PEERS.filter(it => peers.includes(it) || (it.byName && named.has(it.name)))
}

function positive(text, option) {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Error(`${option} takes a whole number from 1, not "${text}"`)
  return value
}
