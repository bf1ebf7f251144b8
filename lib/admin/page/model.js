/**
 * What is drawn of one look: which connections are shown, and which exchange belongs to which client.
 *
 * @typedef {import('../look.js').Look} Look
 * @typedef {import('../source.js').ClientView} ClientView
 * @typedef {import('../source.js').UpstreamView} UpstreamView
 * @typedef {import('../source.js').ExchangeView} ExchangeView
 * @typedef {import('../source.js').MemberTotals} MemberTotals
 *
 * @typedef {{ client: ClientView, exchange: ExchangeView | undefined }} ClientItem
 * @typedef {{ origin: string, group: string, member: MemberTotals | undefined, upstreams: UpstreamView[] }} OriginItem
 * @typedef {{ clients: ClientItem[], origins: OriginItem[], exchanges: ExchangeView[] }} Model
 */

/**
 * @param {Look} look
 * @param {string} filter in lower case, '' for everything
 * @returns {Model}
 */
export function modelOf({ snapshot, totals }, filter) {
  const exchanges = latest(snapshot.exchanges.list)
  const clients = snapshot.clients.list.toSorted(byId)
  const upstreams = snapshot.upstreams.list.toSorted(byId)
  const shown = filter === '' ? null : matching(filter, clients, upstreams, exchanges)
  const isShown = (/** @type {string} */ id) => shown === null || shown.has(id)
  return {
    clients: clients.filter(({ id }) => isShown(id)).map(client => ({ client, exchange: exchanges.get(client.id) })),
    origins: originsOf(
      totals.groups,
      upstreams.filter(({ id }) => isShown(id)),
      filter,
    ),
    exchanges: [...exchanges.values()].filter(({ client }) => isShown(client)),
  }
}

/**
 * The exchange of each client: the current one, else the last that ended.
 * @param {readonly ExchangeView[]} list
 */
function latest(list) {
  /** @type {Map<string, ExchangeView>} */
  const latest = new Map()
  for (const exchange of list) {
    const other = latest.get(exchange.client)
    // Exchanges on one connection follow one another, so the current one has the highest number.
    if (other === undefined || byId(other, exchange) < 0) latest.set(exchange.client, exchange)
  }
  return latest
}

/**
 * By age, oldest first: `c9` before `c10`. A row does not move while its connection lives.
 * @param {{ id: string }} a @param {{ id: string }} b
 */
function byId(a, b) {
  return a.id.length - b.id.length || (a.id < b.id ? -1 : 1)
}

/**
 * The ids of the connections that match the filter, by themselves or through an exchange, in which case both of its ends match.
 * @param {string} filter @param {readonly ClientView[]} clients @param {readonly UpstreamView[]} upstreams
 * @param {Map<string, ExchangeView>} exchanges
 */
function matching(filter, clients, upstreams, exchanges) {
  /** @type {Set<string>} */
  const shown = new Set()
  /** @type {Map<string, string>} */
  const texts = new Map()
  for (const { id, peer, listener, state } of clients) texts.set(id, `${id} ${peer} ${listener} ${state}`)
  for (const { id, origin, address, group, state } of upstreams)
    texts.set(id, `${id} ${origin} ${address} ${group} ${state}`)
  const fits = (/** @type {string} */ text) => text.toLowerCase().includes(filter)
  for (const [id, text] of texts) if (fits(text)) shown.add(id)
  for (const { id, client, upstream, method, host, target, status, origin, stage } of exchanges.values()) {
    const ends = `${texts.get(client)} ${texts.get(upstream) ?? ''}`
    if (fits(`${id} ${method} ${host} ${target} ${status} ${origin} ${stage} ${ends}`)) shown.add(client).add(upstream)
  }
  return shown
}

/**
 * Every server of every group, even without a connection; then all other origins.
 * @param {Look['totals']['groups']} groups @param {readonly UpstreamView[]} upstreams @param {string} filter
 */
function originsOf(groups, upstreams, filter) {
  /** @type {Map<string, OriginItem>} */
  const items = new Map()
  for (const { name, members } of groups)
    for (const member of members)
      items.set(`${name} ${member.name}`, { origin: member.name, group: name, member, upstreams: [] })
  for (const upstream of upstreams) {
    const { group, origin } = upstream
    const key = `${group} ${origin}`
    const item = items.get(key) ?? { origin, group, member: undefined, upstreams: [] }
    item.upstreams.push(upstream)
    items.set(key, item)
  }
  const all = [...items.values()]
  if (filter === '') return all
  return all.filter(item => item.upstreams.length > 0 || `${item.group} ${item.origin}`.toLowerCase().includes(filter))
}
