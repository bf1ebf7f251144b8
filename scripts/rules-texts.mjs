// The rules of the protocol: their texts in `docs/rules/*.yaml`, one file per chapter, and the reasons for those that are not implemented.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { rulesNamed } from './rules-named.mjs'

const CHAPTERS = new URL('../docs/rules/', import.meta.url)
const REASONS = new URL('../docs/supported-http.md', import.meta.url)

/** How binding a rule is; a rule with parts has several. `fact`: a document states it without a keyword. `ours`: no document requires it. */
const LEVELS = ['MUST', 'MUST NOT', 'SHOULD', 'SHOULD NOT', 'MAY', 'fact', 'ours']
/** To which role or side a rule applies. */
const BINDS = [
  'toward clients',
  'toward upstreams',
  'both sides',
  'forward proxy',
  'reverse proxy',
  'every intermediary',
  'tunnels',
  'everybody',
]
const KEYS = ['level', 'section', 'binds', 'rule', 'hopwise']

/** The chapters in order, each with its rules: `[{ title, from, rules: { R1: { level, section, binds, rule, hopwise } } }]`. */
export function readChapters() {
  return readdirSync(fileURLToPath(CHAPTERS))
    .filter(name => name.endsWith('.yaml'))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map(name => parse(readFileSync(new URL(name, CHAPTERS), 'utf8')))
}

/** Rows `| [R209](rules.md#r209) | not done | why |`: number -> `{ state, why }`. */
export function readReasons() {
  return reasonsIn(readFileSync(REASONS, 'utf8'))
}

export function reasonsIn(text) {
  const reasons = new Map()
  for (const line of text.split('\n')) {
    const [, numbers, state, why] = /^\|([^|]*)\|\s*(not [^|]*?)\s*\|\s*(\S[^|]*?)\s*\|\s*$/.exec(line) ?? []
    for (const rule of rulesNamed(numbers ?? '')) reasons.set(rule, { state, why })
  }
  return reasons
}

/** The faults of the texts: gaps in the numbers, missing keys, invalid values. */
export function faultsOfTexts(chapters) {
  const faults = []
  let last = 0
  for (const { rules } of chapters) {
    for (const [name, rule] of Object.entries(rules)) {
      for (last++; name !== `R${last}` && last < numberOf(name); last++) faults.push(`R${last} has no sentence`)
      if (name !== `R${last}`) faults.push(`${name} found where R${last} is expected`)
      const missing = KEYS.filter(key => typeof rule?.[key] !== 'string' || rule[key] === '')
      if (missing.length > 0) faults.push(`${name} does not say: ${missing.join(', ')}`)
      else faults.push(...faultsOfRule(name, rule))
    }
  }
  return faults
}

function faultsOfRule(name, { level, binds, rule, hopwise }) {
  const faults = []
  if (!level.split(', ').every(word => LEVELS.includes(word))) faults.push(`${name}: "${level}" is not a level`)
  if (!BINDS.includes(binds)) faults.push(`${name}: "${binds}" is not a value of binds`)
  for (const text of [rule, hopwise]) if (!text.endsWith('.')) faults.push(`${name}: not a sentence: "${text}"`)
  return faults
}

/** `R12` -> 12 */
export function numberOf(name) {
  return Number(name.slice(1))
}
