import { bareName } from './hosts-file.js'

/** The contents of `/etc/resolv.conf`. */
export interface ResolvConf {
  readonly nameservers: readonly string[]
  /** Domains in which a short name is tried, in this order. */
  readonly search: readonly string[]
  /** A name with at least this many dots is first tried as it is. */
  readonly ndots: number
  /** The timeout of one try, and the number of tries per server; null: not given. */
  readonly timeoutMs: number | null
  readonly attempts: number | null
}

/** The limits are those of the C library (resolv.conf(5)). */
const NDOTS_MAX = 15
const TIMEOUT_S_MAX = 30
const ATTEMPTS_MAX = 5
/** The C library accepts any number since 2.26; each adds one more query for a name that does not exist. */
const SEARCH_MAX = 16
/** Bytes of a name as text, without the trailing dot (RFC 1035 2.3.4). */
const NAME_BYTES_MAX = 253

/** Reads resolv.conf(5). Of `search` and `domain` the last one counts; unknown directives are ignored. */
export function readResolvConf(text: string): ResolvConf {
  const nameservers: string[] = []
  const conf = { nameservers, search: [] as string[], ndots: 1, timeoutMs: null, attempts: null }
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*/s, '')
      .trim()
      .split(/\s+/)
    if (keyword === 'nameserver' && values[0] !== undefined) nameservers.push(values[0])
    else if (keyword === 'search') conf.search = values.map(bareName).slice(0, SEARCH_MAX)
    else if (keyword === 'domain') conf.search = values.map(bareName).slice(0, 1)
    else if (keyword === 'options') for (const option of values) Object.assign(conf, readOption(option))
  }
  return conf
}

function readOption(option: string): Partial<ResolvConf> {
  const [, name, digits] = /^(ndots|timeout|attempts):(\d{1,9})$/.exec(option) ?? []
  const value = Number(digits)
  if (name === 'ndots') return { ndots: Math.min(value, NDOTS_MAX) }
  if (name === 'timeout') return { timeoutMs: Math.max(1, Math.min(value, TIMEOUT_S_MAX)) * 1000 }
  if (name === 'attempts') return { attempts: Math.max(1, Math.min(value, ATTEMPTS_MAX)) }
  return {}
}

/**
 * The names to try for `name`; the first that exists counts. With a trailing dot: only as it is. With at least `ndots` dots: as
 * it is, then in each domain of `search`; otherwise the other way round. Empty: it cannot be a name.
 */
export function candidatesOf(name: string, { search, ndots }: ResolvConf): readonly string[] {
  const isWhole = name.endsWith('.')
  const bare = isWhole ? name.slice(0, -1) : name
  if (bare === '' || bare.length > NAME_BYTES_MAX) return []
  if (isWhole) return [bare]
  const dots = bare.split('.').length - 1
  const within = search.map(domain => (domain === '' ? bare : `${bare}.${domain}`))
  const all = dots >= ndots ? [bare, ...within] : [...within, bare]
  return [...new Set(all)].filter(candidate => candidate.length <= NAME_BYTES_MAX)
}
