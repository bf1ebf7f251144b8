import type { ListenAddress } from '../net/listen-address.js'
import { isItself, toItself } from './check-routes.js'
import { type Complaint, error, warning } from './complaint.js'
import type { Configuration, Group } from './configuration.js'
import { inWords, type Path, show } from './findings.js'
import { readAddress, readServer } from './values.js'

/** Checks groups by themselves, and against the listeners that use them. */
export function checkUpstreams(configuration: Configuration): Complaint[] {
  const used = listenersBefore(configuration)
  return Object.entries(configuration.upstreams).flatMap(([name, group]) => {
    const path = ['upstreams', name]
    const unused = !used.has(name)
    return [
      ...(unused
        ? [
            warning(path, `no route names the group ${name}`, 'name it in a route, or remove it', {
              at: 'key',
              about: [{ path: ['listeners'], below: true }],
            }),
          ]
        : []),
      ...checkServers(group, path),
      ...checkLoops(used.get(name), group, path),
      ...checkBalance(group, path),
      ...checkTls(group, path),
      ...checkResolve(group, path),
    ]
  })
}

function checkServers({ servers }: Group, group: Path): Complaint[] {
  const path = [...group, 'servers']
  const about = [{ path, below: true }]
  const seen = new Map<string, number>()
  const complaints = servers.flatMap(({ url }, i) => {
    const server = JSON.stringify(readServer(url))
    const before = seen.get(server)
    if (before === undefined) seen.set(server, i)
    return before === undefined
      ? []
      : [
          error(
            [...path, i],
            `${show(url)} is already servers[${before}]`,
            'to give a server a greater share, give it a weight',
          ),
        ]
  })
  if (servers.every(({ backup }) => backup))
    complaints.push(
      error(path, 'all servers are backups, so there is no server to back up', 'remove backup: true from one of them', {
        at: 'key',
        about,
      }),
    )
  if (servers.every(({ weight }) => weight === 0))
    complaints.push(
      error(path, 'all servers have the weight 0, so none is ever used', 'give one of them a weight', {
        at: 'key',
        about,
      }),
    )
  return complaints
}

/** The addresses of the listeners that lead to each group, by its name. */
function listenersBefore({ listeners }: Configuration): ReadonlyMap<string, readonly ListenAddress[]> {
  const before = new Map<string, ListenAddress[]>()
  for (const listener of listeners) {
    if (listener.mode !== 'reverse') continue
    const own = readAddress(listener.address)
    for (const upstream of new Set(listener.routes.map(route => route.upstream))) {
      const known = before.get(upstream)
      if (known === undefined) before.set(upstream, [own])
      else known.push(own)
    }
  }
  return before
}

function checkLoops(before: readonly ListenAddress[] | undefined, { servers }: Group, group: Path): Complaint[] {
  if (before === undefined) return []
  return servers.flatMap(({ url }, i) => {
    const server = readServer(url)
    return before.some(own => isItself(server, own)) ? [toItself([...group, 'servers', i, 'url'], url)] : []
  })
}

function checkBalance({ balance, hash }: Group, group: Path): Complaint[] {
  if (hash === undefined) return []
  const path = [...group, 'hash']
  const about = [{ path: [...group, 'balance'] }]
  if (balance !== 'hash')
    return [
      error(
        path,
        `hash is for balance: hash, and this group has balance: ${balance}`,
        'write balance: hash, or remove hash',
        { at: 'key', about },
      ),
    ]
  if (hash.by === 'address' && hash.name !== undefined)
    return [
      error([...path, 'name'], 'an address has no name', 'write by: field or by: cookie, or remove name', {
        at: 'key',
        about: [{ path: [...path, 'by'] }],
      }),
    ]
  if (hash.by !== 'address' && hash.name === undefined)
    return [
      error(
        [...path, 'by'],
        `by: ${hash.by} requires the name of the ${hash.by}`,
        `write name: ${hash.by === 'field' ? 'X-Tenant' : 'session'}`,
        { about: [{ path: [...path, 'name'] }] },
      ),
    ]
  return []
}

function checkTls({ tls, servers }: Group, group: Path): Complaint[] {
  if (tls === undefined) return []
  const path = [...group, 'tls']
  const about = [{ path: [...group, 'servers'], below: true }]
  const plain = servers.filter(({ url }) => !/^(srv\+)?https:/i.test(url)).map(({ url }) => url)
  const complaints: Complaint[] = []
  if (plain.length === servers.length)
    complaints.push(
      error(path, 'tls has no effect: no server of this group is https://', 'write https://, or remove tls', {
        at: 'key',
        about,
      }),
    )
  else if (plain.length > 0)
    complaints.push(
      warning(
        path,
        `${inWords(plain, 'and')} of this group ${plain.length === 1 ? 'is' : 'are'} reached without TLS`,
        'write https://, or make it a separate group',
        { at: 'key', about },
      ),
    )
  if (tls.insecure)
    complaints.push(
      warning(
        [...path, 'insecure'],
        'certificates of this group are not verified: anyone in between can read and change everything',
        'name the certificate authority in ca, and remove insecure',
      ),
    )
  if (tls.insecure && tls.ca !== undefined)
    complaints.push(
      error([...path, 'ca'], 'ca and insecure contradict each other', 'remove one of them', { at: 'key' }),
    )
  const alone =
    tls.cert !== undefined && tls.key === undefined
      ? 'cert'
      : tls.key !== undefined && tls.cert === undefined
        ? 'key'
        : undefined
  if (alone)
    complaints.push(
      error(
        [...path, alone],
        `${alone} is given without ${alone === 'cert' ? 'key' : 'cert'}`,
        `a client certificate needs both cert and key: write ${alone === 'cert' ? 'key' : 'cert'} too`,
        { at: 'key', about: [{ path: [...path, alone === 'cert' ? 'key' : 'cert'] }] },
      ),
    )
  return complaints
}

function checkResolve({ resolve: { minMs, maxMs }, healthCheck }: Group, group: Path): Complaint[] {
  const complaints: Complaint[] = []
  if (minMs > maxMs)
    complaints.push(
      error([...group, 'resolve', 'minMs'], `minMs (${minMs}) is more than maxMs (${maxMs})`, 'swap them', {
        about: [{ path: [...group, 'resolve'], below: true }],
      }),
    )
  if (healthCheck && healthCheck.timeoutMs > healthCheck.intervalMs)
    complaints.push(
      error(
        [...group, 'healthCheck', 'timeoutMs'],
        `timeoutMs (${healthCheck.timeoutMs}) is more than intervalMs (${healthCheck.intervalMs})`,
        'a check must end before the next one begins',
        { about: [{ path: [...group, 'healthCheck'], below: true }] },
      ),
    )
  return complaints
}
