/**
 * What a learner has done with an experiment. It outlives the view: a change of language or a visit to another page loses neither
 * the run nor the guess.
 *
 * @typedef {import('../events.js').LabEvent} LabEvent
 * @typedef {import('../said.js').Said} Said
 * @typedef {import('./api.js').Described} Described
 */

import { Refused, startRun, stopRun } from './api.js'
import { follow } from './stream.js'

/** @type {Map<string, Session>} */
const sessions = new Map()

/** @param {Described} experiment */
export function sessionOf(experiment) {
  const known = sessions.get(experiment.id) ?? new Session(experiment)
  sessions.set(experiment.id, known)
  return known
}

export class Session {
  /** The chosen answer; null: none. @type {number | null} */
  guess = null
  /** @type {Record<string, string | number>} */
  knobs
  scale = 1
  /** @type {LabEvent[]} */
  events = []
  /** The previous run. @type {LabEvent[] | undefined} */
  earlier
  /** @type {'rest' | 'starting' | 'live' | 'resuming' | 'lost'} */
  state = 'rest'
  /** Why a run could not start. @type {Refused | null} */
  refused = null
  /** Called at every change. */
  changed = () => {}
  /** @type {string | null} */
  #run = null
  /** Stops listening to the last run. */
  #leave = () => {}

  /** @param {Described} experiment */
  constructor(experiment) {
    this.experiment = experiment
    this.knobs = this.standard()
  }

  standard() {
    return Object.fromEntries(Object.entries(this.experiment.knobs).map(([name, { standard }]) => [name, standard]))
  }

  get isRunning() {
    return this.state === 'starting' || this.state === 'live' || this.state === 'resuming'
  }

  async start() {
    if (this.isRunning) return
    this.#set('starting', null)
    try {
      const { knobs, scale } = this
      const run = await startRun({ experiment: this.experiment.id, knobs, scale })
      this.#run = run
      this.earlier = this.events.at(-1)?.kind === 'verdict' ? this.events : this.earlier
      this.events = []
      this.#set('live', null)
      this.#leave()
      this.#leave = follow(run, {
        event: event => {
          this.events.push(event)
          this.changed()
        },
        state: state => this.#set(state === 'ended' ? 'rest' : state, null),
      })
    } catch (fault) {
      if (!(fault instanceof Refused)) throw fault
      this.#set('rest', fault)
    }
  }

  /** The server ends the run; events that still come are shown. */
  async stop() {
    try {
      if (this.#run !== null && this.isRunning) await stopRun(this.#run)
    } catch (fault) {
      if (!(fault instanceof Refused)) throw fault
      this.#set(this.state, fault)
    }
  }

  /** @param {Session['state']} state @param {Refused | null} refused */
  #set(state, refused) {
    this.state = state
    this.refused = refused
    this.changed()
  }
}
