// Syntax that users of other proxies write: the patterns of nginx, Caddy, Traefik, Apache and of frameworks. Taken literally,
// each would be a condition that no request fulfils, or not the intended one. So it is refused with the equivalent form of
// hopwise.

/** What is wrong, as a continuation of the quoted text, and how to write it instead. */
export interface Habit {
  readonly what: string
  readonly right: string
}

/**
 * A path that is a pattern of another proxy; null: it is not. A `*` and similar characters in a path are never meant literally.
 */
export function pathHabit(path: string): Habit | null {
  const modifier = /^(=|\^~|~\*|~)\s*(.*)$/.exec(path)
  if (modifier !== null) return nginxPath(modifier[1]!, modifier[2]!)
  const matcher = /^(Path|PathPrefix|PathRegexp)\(\s*[`'"]?([^`'")]*)/.exec(path)
  if (matcher !== null) return traefikPath(matcher[1]!, matcher[2]!)
  if (/^\^|\.[*+]|\||\\[.dw]/.test(path)) return { what: IS_REGEX, right: NO_REGEX }
  if (path.includes('*')) return { what: IS_PATTERN, right: below(beforeStar(path)) }
  const parameter = /\/(?:[^/]*\{|:[A-Za-z_])/.exec(path)
  if (parameter !== null)
    return { what: 'has a parameter, but paths are matched literally', right: below(path.slice(0, parameter.index)) }
  if (/^\/.+\$$/.test(path)) return { what: IS_REGEX, right: `write exact: ${path.slice(0, -1)} for only this path` }
  return null
}

const IS_PATTERN = 'is a pattern, but paths are matched literally'
const IS_REGEX = 'is a regular expression, but paths are matched literally'
const NO_REGEX = 'write path: /api for /api and everything below it, or exact: /api for only that path'

function nginxPath(modifier: string, rest: string): Habit {
  if (modifier === '=') return { what: 'is nginx syntax', right: `write exact: ${rest}` }
  if (modifier === '^~') return { what: 'is nginx syntax', right: below(rest) }
  return { what: IS_REGEX, right: NO_REGEX }
}

function traefikPath(matcher: string, inner: string): Habit {
  const what = 'is Traefik syntax'
  if (matcher === 'Path') return { what, right: `write exact: ${inner}` }
  return matcher === 'PathPrefix' ? { what, right: below(inner) } : { what: IS_REGEX, right: NO_REGEX }
}

/** The path that matches everything below it, as advice. */
function below(prefix: string): string {
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix
  return bare === '' ? 'omit path to match every path' : `write ${bare}, which matches ${bare} and everything below it`
}

/** `/api` of `/api/*`, `/api**` and `/api/*.json`. */
function beforeStar(path: string): string {
  const before = path.slice(0, path.indexOf('*'))
  return /^[^*]*\*+$/.test(path) ? before : before.slice(0, before.lastIndexOf('/'))
}

/** A host that is a pattern of another proxy; null: it is not. */
export function hostHabit(host: string): Habit | null {
  if (host === '*' || host === '_') return { what: 'is not a host', right: 'omit host to match every host' }
  const matcher = /^Host(?:Regexp|SNI)?\(\s*[`'"]?([^`'")]*)/.exec(host)
  if (matcher !== null) return { what: 'is Traefik syntax', right: `write ${matcher[1]}` }
  if (/^[~^]|[\\$()|]/.test(host))
    return {
      what: 'is a regular expression, but hosts are matched literally',
      right: "write names, or '*.example' for all names below it",
    }
  if (/^\.[^.]/.test(host))
    return { what: 'is not a host name', right: `write [${host.slice(1)}, '*${host}'] for it and all names below it` }
  const hosts = host.trim().split(/[\s,]+/) // a single pattern for the whole list would take quadratic time in a long host
  if (hosts.length > 1 && hosts.every(one => one.includes('.')))
    return { what: 'is more than one host', right: `write a list: [${hosts.join(', ')}]` }
  return null
}

/** A word that means every method, or more than one method; null: neither. */
export function methodHabit(method: string): Habit | null {
  if (/^(?:\*|any|all)$/i.test(method)) return { what: 'is not a method', right: 'omit method to match every method' }
  if (/^[A-Za-z]{3,}(?:[\s,|]+[A-Za-z]{3,})+$/.test(method))
    return {
      what: 'is more than one method',
      right: `write a list: [${method
        .toUpperCase()
        .split(/[\s,|]+/)
        .join(', ')}]`,
    }
  return null
}

/** A word that stands for a list of networks; null: it is not. */
export function networkHabit(network: string): Habit | null {
  if (/^(?:\*|all|any)$/i.test(network))
    return { what: 'is not a network', right: 'write 0.0.0.0/0 and ::/0 for every address' }
  if (network === 'private_ranges')
    return {
      what: 'is a Caddy keyword',
      right:
        'write 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 127.0.0.0/8, fd00::/8 and ::1, or those of them that are meant',
    }
  return null
}

/** A destination in a form of another proxy; null: it is not. */
export function destinationHabit(entry: string): Habit | null {
  const network = networkHabit(entry)
  if (network !== null) return network
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(entry))
    return { what: 'is a URL', right: `write ${entry.replace(/^.*?:\/\//, '').replace(/[:/].*$/, '')}, only the host` }
  if (/^[a-z0-9._-]+:\d+$/i.test(entry))
    return {
      what: 'has a port',
      right: `write ${entry.replace(/:\d+$/, '')}: connectPorts and allowPorts are for ports`,
    }
  if (/^\.[^.*]/.test(entry)) return { what: 'begins with a dot', right: `write *${entry} for all names below it` }
  return null
}
