import { BlockList, isIP } from 'node:net'

/** Peers whose word about the client counts: addresses, CIDR blocks, and `unix` for whoever comes through a unix socket. */
export class TrustedPeers {
  readonly #list = new BlockList()
  readonly #any: boolean
  /** A peer without an address is one of them. */
  #unix = false

  /** @throws TypeError for what is neither an address nor a block */
  constructor(blocks: readonly string[]) {
    this.#any = blocks.length > 0
    for (const block of blocks) this.#add(block)
  }

  #add(block: string): void {
    if (block === 'unix') {
      this.#unix = true
      return
    }
    const [address = '', bits, ...more] = block.split('/')
    const family = isIP(address)
    const most = family === 4 ? 32 : 128
    const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
    if (family === 0 || more.length > 0 || prefix < 0 || prefix > most) {
      throw new TypeError(
        `trust: ${JSON.stringify(block)} is no address and no CIDR block, for example 10.0.0.0/8 (or unix)`,
      )
    }
    this.#list.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6')
  }

  /** An IPv4 address that a dual-stack socket shows as `::ffff:a.b.c.d` counts as that IPv4 address. */
  has(address: string): boolean {
    if (!this.#any) return false
    if (address === '') return this.#unix
    const bare = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
    const family = isIP(bare)
    return family !== 0 && this.#list.check(bare, family === 4 ? 'ipv4' : 'ipv6')
  }
}
