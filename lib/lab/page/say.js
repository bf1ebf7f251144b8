/** Numbers and names for readers, in their language. */

/** @typedef {import('./words.js').Say} Say */
/** @typedef {import('../said.js').Said} Said */
/** @typedef {import('./words.js').Language} Language */

/** A duration, with three digits where that is enough. @param {number} ms @param {Say} say */
export function timeText(ms, say) {
  if (ms < 9.95) return say('ms.below', { n: Math.max(0, ms).toFixed(1) })
  if (ms < 999.5) return say('ms.below', { n: Math.round(ms) })
  return say('s.below', { n: (ms / 1000).toFixed(ms < 99_500 ? 2 : 0) })
}

/** A running clock: its width does not jump. @param {number} ms @param {Say} say */
export function clockText(ms, say) {
  return say('s.below', { n: (Math.max(0, ms) / 1000).toFixed(1) })
}

/** @param {number} n @param {Say} say */
export function octetsText(n, say) {
  return n === 1 ? say('octets.one') : say('octets.many', { n: n.toLocaleString('en') })
}

/** A figure with its unit. @param {{ value: number, unit: 'ms' | 'bytes' | 'count' | 'percent' }} figure @param {Say} say */
export function figureText({ value, unit }, say) {
  if (unit === 'ms') return timeText(value, say)
  if (unit === 'bytes') return octetsText(value, say)
  const n = Number.isInteger(value) ? value.toLocaleString('en') : value.toFixed(1)
  return unit === 'percent' ? `${n} %` : n
}

/** The name of a party. @param {readonly import('../events.js').Party[]} parties @param {string} id @param {Language} language */
export function nameOf(parties, id, language) {
  return parties.find(party => party.id === id)?.name[language] ?? id
}
