import type { Scene } from './bench.js'
import type { LabEvent, Party, PartyKind, SeenField, SeenHead } from './events.js'
import { said } from './said.js'

/** What a proxy did with the fields of one head. Names as they were written. */
export interface Handled {
  readonly died: readonly string[]
  readonly added: readonly string[]
  /** Fields of one connection only that the proxy forwarded unchanged. */
  readonly passedOn: readonly string[]
}

/**
 * Reports for every proxy which fields of the first request and the first response died there, from what was seen on its two
 * sides.
 */
export function fieldsThatDied(scene: Scene, parties: readonly Party[], seen: readonly LabEvent[]): void {
  for (const [i, proxy] of parties.entries()) {
    const before = parties[i - 1]
    const after = parties[i + 1]
    if (!before || !after) continue
    const request = handled(firstHead(seen, before, proxy, before), firstHead(seen, proxy, after, proxy))
    const response = handled(firstHead(seen, proxy, after, after), firstHead(seen, before, proxy, proxy))
    if (request) tell(scene, proxy, 'request', request)
    if (response) tell(scene, proxy, 'response', response)
  }
}

const MESSAGE = {
  request: said('request', '요청'),
  response: said('response', '응답'),
} as const

/**
 * Proxies that understand these fields write them again for each connection; an equal value on both sides then proves nothing.
 */
const UNDERSTOOD = ['connection', 'keep-alive', 'proxy-connection']
const OWN_WORDS: Partial<Record<PartyKind, readonly string[]>> = { hopwise: UNDERSTOOD, smart: UNDERSTOOD }

function tell(scene: Scene, proxy: Party, message: keyof typeof MESSAGE, { died, added, passedOn }: Handled): void {
  const { en, ko } = MESSAGE[message]
  const label = said(`${proxy.name.en}: fields of the ${en} that died`, `${proxy.name.ko}: ${ko}에서 사라진 헤더`)
  scene.figure(`died-${message}-${proxy.id}`, label, died.length, 'count')
  if (died.length > 0)
    scene.note(said(`Died in the ${en}: ${died.join(', ')}`, `${ko}에서 사라진 헤더: ${died.join(', ')}`), proxy.id)
  if (added.length > 0)
    scene.note(said(`Added to the ${en}: ${added.join(', ')}`, `${ko}에 더해진 헤더: ${added.join(', ')}`), proxy.id)
  const left = passedOn.filter(name => !OWN_WORDS[proxy.what]?.includes(name.toLowerCase()))
  if (left.length > 0)
    scene.note(
      said(
        `Hop-by-hop, but still in the ${en} that was sent on: ${left.join(', ')}`,
        `홉별 헤더인데도 ${ko}에 그대로 남은 것: ${left.join(', ')}`,
      ),
      proxy.id,
    )
}

/** Null: the message was not seen on both sides. */
export function handled(inbound: SeenHead | null, outbound: SeenHead | null): Handled | null {
  if (inbound === null || outbound === null) return null
  const has = (fields: readonly SeenField[], name: string) =>
    fields.some(each => each.name.toLowerCase() === name.toLowerCase())
  const names = (fields: readonly SeenField[]) => [...new Set(fields.map(({ name }) => name))]
  return {
    died: names(inbound.fields.filter(({ name }) => !has(outbound.fields, name))),
    added: names(outbound.fields.filter(({ name }) => !has(inbound.fields, name))),
    passedOn: names(inbound.fields.filter(field => field.verdict === 'drop' && outbound.fields.some(same(field)))),
  }
}

function same({ name, value }: SeenField): (other: SeenField) => boolean {
  return other => other.name.toLowerCase() === name.toLowerCase() && other.value === value
}

/** The first head that `by` sent on a connection from one to the other. */
function firstHead(seen: readonly LabEvent[], from: Party, to: Party, by: Party): SeenHead | null {
  const connections = new Set<string>()
  for (const event of seen) {
    if (event.kind === 'open' && event.from === from.id && event.to === to.id) connections.add(event.connection)
    if (event.kind !== 'bytes' || event.by !== by.id || !connections.has(event.connection)) continue
    const head = event.heads?.find(({ startLine }) => startLine.startsWith('HTTP/') === (by === to))
    if (head) return head
  }
  return null
}
