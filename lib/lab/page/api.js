/** @typedef {import('../said.js').Said} Said */
/** @typedef {import('../experiment.js').Description & { knobs: import('../experiment.js').Knobs }} Described */
/** @typedef {import('../workbench.js').Workbench} Workbench */
/** @typedef {import('../workbench-choices.js').Choices} Choices */
/** @typedef {import('../events.js').LabEvent} LabEvent */

/** Longer than the server needs for any of these requests. */
const PATIENCE_MS = 15_000

/** The server refused, or could not be reached. `said` is a text for the learner. */
export class Refused extends Error {
  /** @param {Said} said @param {number} status 0: there was no answer @param {number} [retryAfterS] */
  constructor(said, status, retryAfterS = 0) {
    super(said.en)
    this.name = 'Refused'
    this.said = said
    this.status = status
    this.retryAfterS = retryAfterS
  }
}

const UNREACHABLE = {
  en: 'The server of the laboratory does not answer. Is it still running?',
  ko: '실험실 서버가 응답하지 않는다. 아직 실행 중인지 확인하라.',
}
const ODD = {
  en: 'The answer of the server was not understood.',
  ko: '서버가 이해할 수 없는 응답을 보냈다.',
}

/** All experiments, in the order of the course. @returns {Promise<Described[]>} */
export async function experiments() {
  return (await ask('GET', '/experiments')).json()
}

/**
 * Starts a run.
 * @param {{ experiment: string, knobs?: Record<string, string | number>, scale?: number }} what
 * @returns {Promise<string>} its id
 */
export async function startRun(what) {
  return idIn(await ask('POST', '/runs', what))
}

/** Stops a run; no effect if it is already over. @param {string} run */
export async function stopRun(run) {
  try {
    await ask('DELETE', `/runs/${run}`)
  } catch (fault) {
    if (!(fault instanceof Refused) || fault.status !== 404) throw fault
  }
}

/** The whole recording of a finished run. @param {string} run @returns {Promise<LabEvent[]>} */
export async function recording(run) {
  const text = await (await ask('GET', `/runs/${run}`)).text()
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
}

/** The choices of the workbench. @returns {Promise<Choices>} */
export async function workbenchChoices() {
  return (await ask('GET', '/workbench')).json()
}

/** Starts a run of the workbench. @param {Workbench} description @param {number} scale @returns {Promise<string>} its id */
export async function startWorkbench(description, scale) {
  return idIn(await ask('POST', '/workbench', { ...description, scale }))
}

/** @param {Response} response @returns {Promise<string>} */
async function idIn(response) {
  const { run } = await response.json()
  if (typeof run !== 'string') throw new Refused(ODD, response.status)
  return run
}

/**
 * @param {'GET' | 'POST' | 'DELETE'} method @param {string} path @param {unknown} [content]
 * @returns {Promise<Response>} a response that is not a refusal
 */
async function ask(method, path, content) {
  /** @type {RequestInit} */
  const how = { method, cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(PATIENCE_MS) }
  if (content !== undefined) {
    how.headers = { 'Content-Type': 'application/json' }
    how.body = JSON.stringify(content)
  }
  /** @type {Response} */
  let response
  try {
    response = await fetch(path, how)
  } catch {
    throw new Refused(UNREACHABLE, 0)
  }
  if (response.ok) return response
  throw new Refused(await reasonIn(response), response.status, Number(response.headers.get('Retry-After')) || 0)
}

/** @param {Response} response @returns {Promise<Said>} */
async function reasonIn(response) {
  try {
    const { error } = await response.json()
    return typeof error?.en === 'string' && typeof error.ko === 'string' ? error : ODD
  } catch {
    return ODD
  }
}
