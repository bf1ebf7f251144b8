// What people write who know another proxy: the patterns of nginx, Caddy, Traefik, Apache and of frameworks. Taken literally each would be a
// condition that no request fulfils, or one that is not what was meant; so it is refused, with the form that says it here.

/** What is wrong, as it goes on after the quoted text, and what would be right. */
export interface Habit {
  readonly what: string
  readonly right: string
}

/** A path as a pattern; null: it is none. `*` and its kin mean themselves nowhere that people write them. */
export function pathHabit(path: string): Habit | null {
  const modifier = /^(=|\^~|~\*|~)\s*(.*)$/.exec(path)
  if (modifier !== null) return nginxPath(modifier[1]!, modifier[2]!)
  const matcher = /^(Path|PathPrefix|PathRegexp)\(\s*[`'"]?([^`'")]*)/.exec(path)
  if (matcher !== null) return traefikPath(matcher[1]!, matcher[2]!)
  if (/^\^|\.[*+]|\||\\[.dw]/.test(path)) return { what: IS_REGEX, right: NO_REGEX }
  if (path.includes('*')) return { what: IS_PATTERN, right: below(beforeStar(path)) }
  const parameter = /\/(?:[^/]*\{|:[A-Za-z_])/.exec(path)
  if (parameter !== null)
    return { what: 'has a parameter in it, and there are none', right: below(path.slice(0, parameter.index)) }
  if (/^\/.+\$$/.test(path)) return { what: IS_REGEX, right: `write exact: ${path.slice(0, -1)} for this path alone` }
  return null
}

const IS_PATTERN = 'is a pattern, and a path is none'
const IS_REGEX = 'is a regular expression, and a path is none'
const NO_REGEX = 'write path: /api for /api and all below it, or exact: /api for that path alone'

function nginxPath(modifier: string, rest: string): Habit {
  if (modifier === '=') return { what: 'is written as in nginx', right: `write exact: ${rest}` }
  if (modifier === '^~') return { what: 'is written as in nginx', right: below(rest) }
  return { what: IS_REGEX, right: NO_REGEX }
}

function traefikPath(matcher: string, inner: string): Habit {
  const what = 'is written as in Traefik'
  if (matcher === 'Path') return { what, right: `write exact: ${inner}` }
  return matcher === 'PathPrefix' ? { what, right: below(inner) } : { what: IS_REGEX, right: NO_REGEX }
}

/** The path that takes all that stands below it. */
function below(prefix: string): string {
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix
  return bare === '' ? 'leave path out for every path' : `write ${bare}, which takes ${bare} and all below it`
}

/** `/api` of `/api/*`, `/api**` and `/api/*.json`. */
function beforeStar(path: string): string {
  const before = path.slice(0, path.indexOf('*'))
  return /^[^*]*\*+$/.test(path) ? before : before.slice(0, before.lastIndexOf('/'))
}

/** A host as a pattern that there is not; null: nothing of that kind. */
export function hostHabit(host: string): Habit | null {
  if (host === '*' || host === '_')
    return { what: 'is no host', right: 'leave host out for a route that takes every host' }
  const matcher = /^Host(?:Regexp|SNI)?\(\s*[`'"]?([^`'")]*)/.exec(host)
  if (matcher !== null) return { what: 'is written as in Traefik', right: `write ${matcher[1]}` }
  if (/^[~^]|[\\$()|]/.test(host))
    return {
      what: 'is a regular expression, and a host is none',
      right: "write names, or '*.example' for every name below",
    }
  if (/^\.[^.]/.test(host))
    return { what: 'is no host name', right: `write [${host.slice(1)}, '*${host}'] for it and all names below it` }
  const hosts = host.trim().split(/[\s,]+/) // one pattern for all of it would take a long host's length squared
  if (hosts.length > 1 && hosts.every(one => one.includes('.')))
    return { what: 'is more than one host', right: `write a list: [${hosts.join(', ')}]` }
  return null
}

/** A method as a word for all, or more than one; null: nothing of that kind. */
export function methodHabit(method: string): Habit | null {
  if (/^(?:\*|any|all)$/i.test(method))
    return { what: 'is no method', right: 'leave method out for a route that takes every method' }
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

/** A list of networks by a word; null: nothing of that kind. */
export function networkHabit(network: string): Habit | null {
  if (/^(?:\*|all|any)$/i.test(network))
    return { what: 'is no network', right: 'write 0.0.0.0/0 and ::/0 for every address' }
  if (network === 'private_ranges')
    return {
      what: 'is a word of Caddy',
      right: 'write 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 127.0.0.0/8, fd00::/8 and ::1, as far as they are meant',
    }
  return null
}

/** A destination in a form of elsewhere; null: nothing of that kind. */
export function destinationHabit(entry: string): Habit | null {
  const network = networkHabit(entry)
  if (network !== null) return network
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(entry))
    return { what: 'is a URL', right: `write ${entry.replace(/^.*?:\/\//, '').replace(/[:/].*$/, '')}, the host alone` }
  if (/^[a-z0-9._-]+:\d+$/i.test(entry))
    return {
      what: 'has a port',
      right: `write ${entry.replace(/:\d+$/, '')}: connectPorts and allowPorts are for ports`,
    }
  if (/^\.[^.*]/.test(entry)) return { what: 'begins with a dot', right: `write *${entry} for all names below it` }
  return null
}
