import * as net from 'node:net'
import { networkHabit } from '../policy/habits.js'
import { isToken } from '../wire/octets.js'

/**
 * Readers that turn text into values. Each throws WrongValue, which says what is wrong with the text and what would be
 * right. The caller knows where the text is.
 */
export class WrongValue extends Error {
  override readonly name = 'WrongValue'

  /**
   * @param what continues the sentence after the quoted text: `is not an address`
   * @param right a sentence without its full stop: `write host:port`
   */
  constructor(
    readonly what: string,
    readonly right: string,
  ) {
    super(`${what}: ${right}`)
  }
}

/** An address or a CIDR block: `10.0.0.0/8`, `::1`. */
export function readNetwork(text: string): string {
  const [address = '', prefix, more] = text.split('/')
  const family = net.isIP(address)
  const bits = prefix === undefined ? 0 : /^\d{1,3}$/.test(prefix) ? Number(prefix) : 999
  if (family !== 0 && !address.includes('%') && more === undefined && bits <= (family === 4 ? 32 : 128)) return text
  const habit = networkHabit(text)
  if (habit !== null) throw new WrongValue(habit.what, habit.right)
  throw new WrongValue('is not an address or network', 'write 10.1.2.3, 10.0.0.0/8 or fd00::/8')
}

/** Where a connection comes from: a network as above, or `unix` for a peer of a unix socket, which has no address. */
export function readPeer(text: string): string {
  return text === 'unix' ? text : readNetwork(text)
}

/** A name server: an address with or without a port. */
export function readNameserver(text: string): string {
  const found = /^(?:\[([^\]]+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(text)
  const address = found?.[1] ?? found?.[2] ?? text
  const port = Number(found?.[3] ?? 53)
  if (net.isIP(address) !== 0 && port >= 1 && port <= 65_535) return text
  throw new WrongValue('is not the address of a name server', "write 127.0.0.1:53, '[::1]:53', or only the address")
}

/** A pseudonym for `Via` and `Proxy-Status`: a token (RFC 9110 7.6.3), and not the name that every hopwise could have. */
export function readName(text: string): string {
  if (!/^[A-Za-z][A-Za-z0-9._-]{0,62}$/.test(text))
    throw new WrongValue(
      'is not a valid name for a proxy',
      'write a letter, then letters, digits, dots, hyphens or underscores, at most 63',
    )
  if (text.toLowerCase() === 'hopwise')
    throw new WrongValue(
      "is the product's name",
      'two proxies of that name in a row would look like a loop. Give this deployment its own name, such as edge-1',
    )
  return text
}

/** A token in lower case, as the names of protocols in `Upgrade` are compared (RFC 9110 7.8). */
export function readProtocol(text: string): string {
  const [name = '', version, more] = text.split('/')
  if (isToken(name) && (version === undefined || isToken(version)) && more === undefined) return text.toLowerCase()
  throw new WrongValue('is not the name of a protocol', 'write one such as websocket')
}
