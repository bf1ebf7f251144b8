/**
 * A setup of the workbench as part of the address, and back. Links come from others: invalid values in them become the defaults,
 * and the server checks everything again when it is sent.
 *
 * @typedef {import('../workbench.js').Workbench} Workbench
 * @typedef {import('../workbench.js').Hop} Hop
 */

/** Longer than every setup that the server accepts. */
const LINK_LETTERS_MAX = 48_000
const PREFIX = '#/workbench/'

/** The choices; the first one is the default. */
export const OPTIONS = /** @type {const} */ ({
  version: ['1.1', '1.0'],
  sending: ['in-turn', 'pipelined'],
  framing: ['length', 'chunked', 'close'],
  after: ['keep', 'close', 'leave', 'reset'],
  via: ['request', 'off', 'both'],
  nominatedEndToEnd: ['remove', 'reject'],
  announceKeepAlive: ['http10', 'always'],
})

/** @param {Workbench} description @returns {string} a hash */
export function linkOf(description) {
  const octets = new TextEncoder().encode(JSON.stringify(description))
  const letters = btoa(String.fromCharCode(...octets))
  return `${PREFIX}${letters.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`
}

/**
 * @param {string} hash
 * @param {import('../workbench-choices.js').Choices} choices
 * @returns {Workbench | null} null: the address contains none
 */
export function readLink(hash, choices) {
  if (!hash.startsWith(PREFIX) || hash.length > LINK_LETTERS_MAX) return null
  try {
    const letters = hash.slice(PREFIX.length).replaceAll('-', '+').replaceAll('_', '/')
    const octets = Uint8Array.from(atob(letters), letter => letter.charCodeAt(0))
    const data = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(octets))
    return isObject(data) ? readDescription(data, choices) : null
  } catch {
    return null
  }
}

/** @param {Record<string, unknown>} data @param {import('../workbench-choices.js').Choices} choices @returns {Workbench} */
function readDescription(data, { methods, hops, limits }) {
  const origin = isObject(data.origin) ? data.origin : {}
  return {
    version: oneOf(data.version, OPTIONS.version),
    method: oneOf(data.method, /** @type {readonly Workbench['method'][]} */ (methods)),
    path: text(data.path, limits.pathOctets, '/'),
    fields: list(data.fields, limits.fields).map(({ name, value }) => ({
      name: text(name, limits.nameOctets, ''),
      value: text(value, limits.valueOctets, ''),
    })),
    content: text(data.content, limits.contentOctets, ''),
    requests: whole(data.requests, 1, limits.requests, 1),
    sending: oneOf(data.sending, OPTIONS.sending),
    chain: list(data.chain, limits.hops).map(hop => readHop(hop, hops, limits.timeoutS)),
    origin: {
      version: oneOf(origin.version, OPTIONS.version),
      timeoutS: whole(origin.timeoutS, 0, limits.timeoutS, 3),
      max: whole(origin.max, 0, limits.max, 0),
      delayMs: whole(origin.delayMs, 0, limits.delayMs, 0),
      framing: oneOf(origin.framing, OPTIONS.framing),
      contentBytes: whole(origin.contentBytes, 0, limits.originBytes, 24),
      after: oneOf(origin.after, OPTIONS.after),
      stopAfter: typeof origin.stopAfter === 'number' ? whole(origin.stopAfter, 0, limits.originBytes, 0) : null,
      announce: origin.announce !== false,
    },
  }
}

/** @param {Record<string, unknown>} data @param {readonly string[]} kinds @param {number} idleMaxS @returns {Hop} */
function readHop(data, kinds, idleMaxS) {
  const kind = oneOf(data.kind, /** @type {readonly Hop['kind'][]} */ (kinds))
  switch (kind) {
    case 'smart':
      return { kind, idleS: whole(data.idleS, 0, idleMaxS, 0) }
    case 'stock':
      return { kind, upstreamKeepAlive: data.upstreamKeepAlive === true }
    case 'hopwise':
      return {
        kind,
        via: oneOf(data.via, OPTIONS.via),
        xForwarded: data.xForwarded === true,
        nominatedEndToEnd: oneOf(data.nominatedEndToEnd, OPTIONS.nominatedEndToEnd),
        announceKeepAlive: oneOf(data.announceKeepAlive, OPTIONS.announceKeepAlive),
      }
    default:
      return { kind: 'dumb' }
  }
}

/** A proxy with its default options. @param {Hop['kind']} kind @returns {Hop} */
export function newHop(kind) {
  return readHop({ kind }, [kind], 0)
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @param {unknown} value @param {number} max @returns {Record<string, unknown>[]} */
function list(value, max) {
  return Array.isArray(value) ? value.filter(isObject).slice(0, max) : []
}

/** @template {string} T @param {unknown} value @param {readonly T[]} choices @returns {T} */
function oneOf(value, choices) {
  return choices.find(choice => choice === value) ?? /** @type {T} */ (choices[0])
}

/** @param {unknown} value @param {number} lettersMax @param {string} standard */
function text(value, lettersMax, standard) {
  return typeof value === 'string' ? value.slice(0, lettersMax) : standard
}

/** @param {unknown} value @param {number} min @param {number} max @param {number} standard */
function whole(value, min, max, standard) {
  return typeof value === 'number' && Number.isInteger(value) ? Math.min(Math.max(value, min), max) : standard
}
