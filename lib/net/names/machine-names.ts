import type { Address } from '../address.js'
import { type Clock, systemClock, type Timer } from '../clock.js'
import { inOrder, OwnAddresses } from './address-order.js'
import { CLibrary } from './c-library.js'
import {
  type AddressAnswer,
  type AddressesDone,
  askServers,
  type DnsError,
  type DnsQuestions,
  isNothing,
  NO_ADDRESSES,
  nothing,
  ServerQuestions,
  type ServicesDone,
} from './dns-answers.js'
import { DnsChannels, TIMEOUT_MS, TRIES } from './dns-channels.js'
import { FollowedFile } from './followed-file.js'
import { bareName, isInvalid, isLocalhost, readHosts } from './hosts-file.js'
import { asksOthers } from './name-switch.js'
import { candidatesOf, type ResolvConf, readResolvConf } from './resolv-conf.js'

export interface MachineOptions {
  /** Paths of the files; default: those of this machine. */
  readonly hosts?: string
  readonly resolvConf?: string
  readonly nameSwitch?: string
  /** The port of the servers in `resolvConf`. If not given, c-ares finds the servers itself. */
  readonly port?: number
  /** There are names that neither the hosts file nor DNS has; default: as `nameSwitch` says. */
  readonly others?: boolean
  readonly cLibrary?: CLibrary
  readonly clock?: Clock
}

/**
 * Resolves names as this machine does: the hosts file, `localhost`, DNS with its search domains, and other sources of the C
 * library. Changes of the files take effect within a second. An unresponsive server delays only the lookups sent to it.
 */
export class Machine {
  private readonly hosts: FollowedFile<ReturnType<typeof readHosts>>
  private readonly conf: FollowedFile<ResolvConf>
  private readonly others: FollowedFile<boolean>
  private readonly own: OwnAddresses
  private readonly clock: Clock
  private readonly cLibrary: CLibrary
  private channels: DnsChannels | null = null
  private channelsOf = -1

  constructor(private readonly options: MachineOptions = {}) {
    this.clock = options.clock ?? systemClock
    this.cLibrary = options.cLibrary ?? new CLibrary()
    this.hosts = new FollowedFile(options.hosts ?? '/etc/hosts', readHosts, this.clock)
    this.conf = new FollowedFile(options.resolvConf ?? '/etc/resolv.conf', readResolvConf, this.clock)
    this.others = new FollowedFile(options.nameSwitch ?? '/etc/nsswitch.conf', asksOthers, this.clock)
    this.own = new OwnAddresses(this.clock)
  }

  ask(): DnsQuestions {
    return new MachineQuestions(this)
  }

  /** What is known without a query: the addresses, empty if there are none; null: unknown. */
  known(name: string): Address[] | null {
    const listed = this.hosts.get().get(bareName(name))
    if (listed !== undefined) return this.order(listed)
    if (isInvalid(name)) return []
    return isLocalhost(name) ? this.order(this.own.get().loopback6 ? LOOPBACKS : LOOPBACKS.slice(1)) : null
  }

  order(addresses: readonly Address[]): Address[] {
    return inOrder(addresses, this.own.get())
  }

  candidates(name: string): readonly string[] {
    return candidatesOf(name, this.conf.get())
  }

  /** Queries to the current servers. */
  servers(): ServerQuestions {
    const conf = this.conf.get()
    if (this.channels === null || this.channelsOf !== this.conf.generation) {
      this.channelsOf = this.conf.generation
      this.channels = this.channelsFor(conf)
    }
    return new ServerQuestions(this.channels, this.clock)
  }

  private channelsFor({ nameservers, timeoutMs, attempts }: ResolvConf): DnsChannels {
    const { port } = this.options
    const how = { timeoutMs: timeoutMs ?? TIMEOUT_MS, tries: attempts ?? TRIES }
    if (port === undefined) return new DnsChannels({ nameservers: null, ...how })
    return new DnsChannels({ nameservers: nameservers.map(address => `${address}:${port}`), ...how })
  }

  /**
   * Asks the C library, if it may know more.
   * @returns null: it cannot; otherwise abandons the lookup, and `done` is not called then
   */
  askOthers(name: string, done: (addresses: readonly Address[]) => void): (() => void) | null {
    if (!(this.options.others ?? (NO_NAME_SWITCH || this.others.get()))) return null
    let timer: Timer | null = null
    const forget = this.cLibrary.find(name, addresses => {
      timer?.cancel()
      done(addresses)
    })
    timer = this.clock.after(OTHERS_MS, () => {
      forget()
      done([])
    })
    return () => {
      timer?.cancel()
      forget()
    }
  }
}

const LOOPBACKS: readonly Address[] = [
  { address: '::1', family: 6 },
  { address: '127.0.0.1', family: 4 },
]

/** How long the C library may look for a name that DNS does not have; after that the name counts as unknown. */
const OTHERS_MS = 2_000

/** These systems have other sources of names and no such file. */
const NO_NAME_SWITCH = process.platform === 'darwin' || process.platform === 'win32'

const machine = new Machine()

/**
 * How names are looked up.
 * @param nameservers `127.0.0.1:53`, `[::1]:53`: only these, without hosts file and search domains; null: as the machine does
 * @throws if a name server is not an IP address with or without a port
 */
export function askDns(nameservers: readonly string[] | null): DnsQuestions {
  return nameservers === null ? machine.ask() : askServers(nameservers)
}

class MachineQuestions implements DnsQuestions {
  private servers: ServerQuestions | null = null
  private readonly forgets = new Set<() => void>()
  private cancelled = false

  constructor(private readonly machine: Machine) {}

  addresses(name: string, done: AddressesDone): void {
    const known = this.machine.known(name)
    if (known !== null) {
      const error = known.length === 0 ? nothing(name, 'ENOTFOUND') : null
      setImmediate(done, error, { ...NO_ADDRESSES, addresses: known })
      return
    }
    this.search(name, this.machine.candidates(name), nothing(name, 'ENOTFOUND'), done)
  }

  /** Tries the candidates in order, as specified in resolv.conf(5). @param before the result of the previous candidates */
  private search(name: string, candidates: readonly string[], before: DnsError, done: AddressesDone): void {
    const [candidate, ...others] = candidates
    if (candidate === undefined) {
      this.notFound(name, before, done)
      return
    }
    this.ask().addresses(candidate, (error, answer) => {
      if (error === null) done(null, { ...answer, addresses: this.machine.order(answer.addresses) })
      else if (this.cancelled || !(isNothing(error) || error.code === 'ESERVFAIL')) done(error, answer)
      else this.search(name, others, weightier(before, error), done)
    })
  }

  private notFound(name: string, error: DnsError, done: AddressesDone): void {
    const finish = (addresses: readonly Address[]): void => {
      if (forget !== null) this.forgets.delete(forget)
      const answer: AddressAnswer = { ...NO_ADDRESSES, addresses }
      done(addresses.length > 0 ? null : error, answer)
    }
    const forget: (() => void) | null = isNothing(error) ? this.machine.askOthers(name, finish) : null
    if (forget !== null) this.forgets.add(forget)
    else setImmediate(finish, [])
  }

  services(name: string, done: ServicesDone): void {
    this.ask().services(name, done)
  }

  cancel(): void {
    this.cancelled = true
    this.servers?.cancel()
    for (const forget of this.forgets) forget()
    this.forgets.clear()
  }

  private ask(): ServerQuestions {
    this.servers ??= this.machine.servers()
    return this.servers
  }
}

/** A failed query takes precedence over "no address", and that over "no such name". */
function weightier(a: DnsError, b: DnsError): DnsError {
  const weight = ({ code }: DnsError): number => (code === 'ENODATA' ? 1 : code === 'ENOTFOUND' ? 0 : 2)
  return weight(b) > weight(a) ? b : a
}
