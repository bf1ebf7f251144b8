import { makeAdvice } from './advice.js'
import { makeCharts } from './charts.js'
import { makeClients } from './clients.js'
import { makeClosed } from './closed.js'
import { find, setAttribute, setText } from './dom.js'
import { ageText, counted } from './format.js'
import { makeLedger } from './ledger.js'
import { modelOf } from './model.js'
import { watch } from './stream.js'
import { makeUpstreams } from './upstreams.js'
import { makeWires } from './wires.js'

/** @typedef {import('../look.js').Look} Look */
/** @typedef {import('./stream.js').State} State */

/** @type {Record<State, string>} */
const STATES = { connecting: 'connecting', live: 'live', stale: 'stale: no data from hopwise', paused: 'paused' }

const charts = makeCharts()
const advice = makeAdvice()
const ledger = makeLedger()
const clients = makeClients(exchange => void ledger.open(exchange))
const upstreams = makeUpstreams()
const wires = makeWires({ client: clients.anchor, upstream: upstreams.anchor }, exchange => void ledger.open(exchange))
const closed = makeClosed()

/** @type {Look | null} */
let last = null
let filter = ''

function draw() {
  if (last === null) return
  const model = modelOf(last, filter)
  const { clients: left, upstreams: right, closed: over } = last.snapshot
  const letters = [...left.list, ...right.list, ...over].reduce((most, { id }) => Math.max(most, id.length), 0)
  document.body.style.setProperty('--id-letters', String(letters))
  clients.update(model.clients, last)
  upstreams.update(model.origins, last)
  wires.update(model.exchanges, last.totals.exchanges.active)
  closed.update(last.snapshot.closed, last.at, filter)
}

/** @param {Look} look */
function take(look) {
  last = look
  const { name, version, startedAt, workers } = look.totals
  setText(find('#name', HTMLElement), name)
  document.title = `${name} · hopwise`
  setText(
    find('#about', HTMLElement),
    `hopwise ${version}, ${counted(workers.running, 'worker')}, up for ${ageText(look.at - startedAt)}`,
  )
  charts.add(look.pulse)
  advice.update(look.advice)
  draw()
}

/**
 * The number of seconds is outside the status, so that screen readers do not read it out each second.
 * @param {State} state @param {number} sinceMs
 */
function tell(state, sinceMs) {
  setAttribute(document.body, 'data-stream', state)
  setAttribute(document.body, 'data-ready', String(last?.ready ?? true))
  const reason = state === 'live' && last !== null && !last.ready ? `live, not ready: ${last.reason}` : STATES[state]
  setText(find('#state', HTMLElement), reason)
  const old = (state === 'stale' || state === 'paused') && Number.isFinite(sinceMs)
  setText(find('#since', HTMLElement), old ? `, as of ${ageText(sinceMs)} ago` : '')
}

const stream = watch({ history: pulses => charts.history(pulses), look: take, state: tell })

const pause = find('#pause', HTMLButtonElement)
pause.addEventListener('click', () => {
  const on = pause.getAttribute('aria-pressed') !== 'true'
  setAttribute(pause, 'aria-pressed', String(on))
  setText(pause, on ? 'Resume' : 'Pause')
  stream.pause(on)
})

const input = find('#filter', HTMLInputElement)
input.addEventListener('input', () => {
  filter = input.value.trim().toLowerCase()
  draw()
})
