/**
 * A set of networks of one family, as sorted, disjoint ranges of numbers: a lookup takes logarithmic time. A blocklist easily has
 * ten thousand lines and is checked for every connection.
 */
export class Ranges<N extends number | bigint> {
  readonly #first: N[] = []
  readonly #last: N[] = []

  /** @param ranges each with its first and last number, in any order; they may overlap */
  constructor(ranges: readonly (readonly [first: N, last: N])[]) {
    for (const [first, last] of [...ranges].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))) {
      const at = this.#last.length - 1
      if (at < 0 || first > this.#last[at]!) {
        this.#first.push(first)
        this.#last.push(last)
      } else if (last > this.#last[at]!) this.#last[at] = last
    }
  }

  get size(): number {
    return this.#first.length
  }

  has(number: N): boolean {
    let from = 0
    let to = this.#first.length
    while (from < to) {
      const middle = (from + to) >> 1
      if (this.#first[middle]! <= number) from = middle + 1
      else to = middle
    }
    return from > 0 && number <= this.#last[from - 1]!
  }
}

/** Networks of both families. An IPv4 address is in an IPv4 network only, an IPv6 address in an IPv6 one. */
export class Networks {
  readonly #four: Ranges<number>
  readonly #six: Ranges<bigint>

  constructor(networks: readonly Network[]) {
    const four: [number, number][] = []
    const six: [bigint, bigint][] = []
    for (const { octets, bits } of networks) {
      if (octets.length === 4) {
        const size = 2 ** (32 - bits)
        const first = Math.floor(fourOf(octets) / size) * size
        four.push([first, first + size - 1])
      } else {
        const rest = BigInt(128 - bits)
        const first = (sixOf(octets) >> rest) << rest
        six.push([first, first + (1n << rest) - 1n])
      }
    }
    this.#four = new Ranges(four)
    this.#six = new Ranges(six)
  }

  /** @param octets 4 or 16 of them */
  has(octets: readonly number[]): boolean {
    if (octets.length === 4) return this.#four.size > 0 && this.#four.has(fourOf(octets))
    return this.#six.size > 0 && this.#six.has(sixOf(octets))
  }
}

export interface Network {
  /** 4 or 16, in network order. */
  readonly octets: readonly number[]
  /** The length of the prefix; the bits behind it are ignored. */
  readonly bits: number
}

function fourOf([a = 0, b = 0, c = 0, d = 0]: readonly number[]): number {
  return ((a * 256 + b) * 256 + c) * 256 + d
}

function sixOf(octets: readonly number[]): bigint {
  let number = 0n
  for (let at = 0; at < 16; at += 4) number = (number << 32n) | BigInt(fourOf(octets.slice(at, at + 4)))
  return number
}
