import type { Timer } from '../clock.js'
import { askDns } from '../names/machine-names.js'
import { NameWatch, type WatchedAddress } from '../names/name-watch.js'
import { turnsAt } from '../turns.js'
import type { GroupSpec, ServerSpec } from './group-spec.js'
import type { GroupSurroundings } from './group-surroundings.js'

/** Keeps the server names of one group resolved: each is looked up periodically for as long as its server is in the group. */
export class GroupNames {
  private readonly watches = new Map<string, NameWatch>()
  private ended = false
  /** Runs until changes are reported. */
  private gathering: Timer | null = null

  /** @param changed the addresses of some name have changed. Never called synchronously from a method of this class. */
  constructor(
    private readonly around: GroupSurroundings,
    private readonly changed: () => void,
  ) {}

  /** Watches the names of these servers, and no others. */
  watch(spec: GroupSpec): void {
    const names = new Map(
      spec.servers.filter(({ kind }) => kind !== 'one').map(server => [nameKey(server, spec), server]),
    )
    for (const [key, watch] of this.watches) {
      if (names.has(key)) continue
      watch.stop()
      this.watches.delete(key)
    }
    for (const [key, server] of names) if (!this.watches.has(key)) this.watches.set(key, this.startWatch(server, spec))
  }

  /** The known addresses of a server's name; null: the server has no watched name. */
  addressesOf(server: ServerSpec, spec: GroupSpec): readonly WatchedAddress[] | null {
    return server.kind === 'one' ? null : (this.watches.get(nameKey(server, spec))?.current ?? [])
  }

  stop(): void {
    this.ended = true
    this.gathering?.cancel()
    for (const watch of this.watches.values()) watch.stop()
    this.watches.clear()
  }

  private startWatch({ origin, kind }: ServerSpec, { resolve, name }: GroupSpec): NameWatch {
    const { questions = askDns } = this.around
    const watch: NameWatch = new NameWatch({
      name: origin.host,
      kind: kind === 'srv' ? 'srv' : 'address',
      port: origin.port,
      ...resolve,
      clock: this.around.clock,
      random: () => this.around.random(),
      questions: () => questions(resolve.nameservers),
      turns: turnsAt(resolve.nameservers),
      onChange: () => this.nameChanged(),
      onFault: fault => this.around.fault(fault),
      onError: error => this.around.warn('resolve', `upstreams.${name}: ${error.told('file')}; will retry`),
    })
    watch.start()
    return watch
  }

  /**
   * In a large group, changes close together are reported together: the cost of each grows with the number of members, and at the
   * start all names get their first answers at almost the same time.
   */
  private nameChanged(): void {
    if (this.ended || this.gathering !== null) return
    if (this.watches.size <= FEW_NAMES) {
      this.changed()
      return
    }
    this.gathering = this.around.clock.after(GATHER_MS, () => {
      this.gathering = null
      if (!this.ended) this.changed()
    })
  }
}

const FEW_NAMES = 64
const GATHER_MS = 100

/** A name with other lookup settings gets its own watch. */
const nameKey = ({ origin, kind }: ServerSpec, { resolve }: GroupSpec): string =>
  `${kind} ${origin.key} ${resolve.nameservers?.join() ?? ''} ${resolve.minMs} ${resolve.maxMs}`
