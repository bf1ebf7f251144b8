/** Numbers for people: short, with their unit, and where possible of constant width. */

const COUNT = new Intl.NumberFormat('en')

/** @param {number} count */
export const countText = count => COUNT.format(count)

/** @param {number} count @param {string} noun */
export const counted = (count, noun) => `${COUNT.format(count)} ${noun}${count === 1 ? '' : 's'}`

/** An age: at most two units. @param {number} ms */
export function ageText(ms) {
  const s = Math.max(0, Math.round(ms / 1000))
  if (s < 60) return `${s} s`
  const m = Math.floor(s / 60)
  if (m < 60) return s % 60 === 0 || m >= 10 ? `${m} m` : `${m} m ${s % 60} s`
  const h = Math.floor(m / 60)
  if (h < 48) return m % 60 === 0 ? `${h} h` : `${h} h ${m % 60} m`
  return `${Math.floor(h / 24)} d`
}

/** A duration: three digits. @param {number} ms */
export function tookText(ms) {
  if (ms < 9.95) return `${ms.toFixed(1)} ms`
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  return ageText(ms)
}

/** @param {number} perS */
export function rateText(perS) {
  if (perS === 0) return '0'
  return perS < 9.95 ? perS.toFixed(1) : countText(Math.round(perS))
}

/** Never 100 % unless it is. @param {number} share */
export function percentText(share) {
  const percent = share === 1 ? 100 : Math.min(99.9, share * 100)
  return `${percent === 100 || percent < 10 ? Math.round(percent) : percent.toFixed(1)} %`
}

/** The time left on an idle clock. @param {number} ms */
export function leftText(ms) {
  if (ms < 9_950) return `${(Math.max(0, ms) / 1000).toFixed(1)} s left`
  return ms < 119_500 ? `${Math.round(ms / 1000)} s left` : `${ageText(ms)} left`
}
