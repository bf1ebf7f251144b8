import { Refused, startWorkbench, stopRun, workbenchChoices } from './api.js'
import { follow } from './stream.js'
import { readLink } from './workbench-link.js'

/**
 * The setup on the workbench, and the last run. They outlive the view: a change of language loses nothing.
 *
 * @typedef {import('../workbench.js').Workbench} Workbench
 * @typedef {import('../workbench-choices.js').Choices} Choices
 * @typedef {import('../events.js').LabEvent} LabEvent
 */

export class WorkbenchSession {
  /** @type {Choices | null} */
  choices = null
  /** The setup on the bench. @type {Workbench | null} */
  description = null
  scale = 1
  /** @type {LabEvent[]} */
  events = []
  /** The previous run. @type {LabEvent[] | undefined} */
  earlier
  /** @type {'rest' | 'starting' | 'live' | 'resuming' | 'lost'} */
  state = 'rest'
  /** @type {Refused | null} */
  refused = null
  /** Called at every change of the run. */
  changed = () => {}
  /** @type {string | null} */
  #run = null
  #leave = () => {}

  get isRunning() {
    return this.state === 'starting' || this.state === 'live' || this.state === 'resuming'
  }

  /** Loads the choices, and the setup in the address if there is one. @param {string} hash */
  async load(hash) {
    this.choices ??= await workbenchChoices()
    const first = this.choices.presets[0]?.description
    this.description = readLink(hash, this.choices) ?? this.description ?? structuredClone(first ?? null)
  }

  async start() {
    if (this.isRunning || this.description === null) return
    this.#set('starting', null)
    try {
      this.#run = await startWorkbench(this.description, this.scale)
    } catch (fault) {
      this.#set('rest', fault instanceof Refused ? fault : null)
      if (!(fault instanceof Refused)) throw fault
      return
    }
    if (this.events.at(-1)?.kind === 'verdict') this.earlier = this.events
    this.events = []
    this.#leave()
    this.#set('live', null)
    this.#leave = follow(this.#run, {
      event: event => {
        this.events.push(event)
        this.changed()
      },
      state: state => this.#set(state === 'ended' ? 'rest' : state, null),
    })
  }

  async stop() {
    try {
      if (this.#run !== null && this.isRunning) await stopRun(this.#run)
    } catch (fault) {
      if (!(fault instanceof Refused)) throw fault
      this.#set(this.state, fault)
    }
  }

  /** @param {WorkbenchSession['state']} state @param {Refused | null} refused */
  #set(state, refused) {
    this.state = state
    this.refused = refused
    this.changed()
  }
}
