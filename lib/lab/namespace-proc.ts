// What Linux reports about the TCP connections of one network namespace, as text in /proc: the same values that `ss -tio` shows.

/** One end of a connection, as its kernel sees it. */
export interface KernelEnd {
  readonly localPort: number
  readonly remotePort: number
  readonly established: boolean
  /** Bytes that are not yet acknowledged, or not yet sent. */
  readonly unacknowledged: number
  /** Timeouts since the last packet of the peer: each is a retransmission of unacknowledged data. */
  readonly retransmits: number
  /** Probes since the last packet of the peer. */
  readonly unansweredProbes: number
  /** The congestion window, in segments. */
  readonly window: number
}

const ESTABLISHED = '01'

/** Reads `/proc/net/tcp`. Lines of connections that only wait for their end (TIME_WAIT) are left out: they have no window. */
export function kernelEnds(text: string): KernelEnd[] {
  return text
    .split('\n')
    .slice(1)
    .map(line => line.trim().split(/\s+/))
    .filter(columns => columns.length >= 17)
    .map(columns => ({
      localPort: afterColon(columns[1]),
      remotePort: afterColon(columns[2]),
      established: columns[3] === ESTABLISHED,
      unacknowledged: Number.parseInt(columns[4] ?? '', 16),
      retransmits: Number.parseInt(columns[6] ?? '', 16),
      unansweredProbes: Number(columns[8]),
      window: Number(columns[15]),
    }))
}

function afterColon(address = ''): number {
  return Number.parseInt(address.slice(address.indexOf(':') + 1), 16)
}

/** Reads `/proc/net/snmp` and `/proc/net/netstat`: a line of names, a line of values. `TcpOutSegs`, `TcpExtTCPKeepAlive`. */
export function counters(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n')
  const read = new Map<string, number>()
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [group = '', ...names] = (lines[i] ?? '').split(' ')
    const [, ...values] = (lines[i + 1] ?? '').split(' ')
    names.forEach((name, n) => {
      read.set(group.replace(':', '') + name, Number(values[n]))
    })
  }
  return read
}
