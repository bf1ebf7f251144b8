import { CLOSE_REASONS } from '../policy/close-reason.js'
import { RULES, type RuleName } from '../policy/rules.js'
import type { Advice } from './adviser.js'
import { CLOSED_BY, type Closer } from './closed-by.js'
import type { Pulse } from './pulse.js'
import { redactLedger, redactSnapshot } from './redact.js'
import type { ClosedView, Ledger, LedgerSide, LedgerTrailers, Snapshot, Totals } from './source.js'

/** One look, as the live page gets it each second: the `data` of a `look` event. */
export interface Look {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly ready: boolean
  readonly reason: string
  readonly totals: Omit<Totals, 'phases'>
  /** null: this is the first look. */
  readonly pulse: Pulse | null
  readonly snapshot: ShownSnapshot
  readonly advice: readonly Advice[]
}

export interface ShownSnapshot extends Snapshot {
  readonly closed: readonly ShownClosed[]
}

export interface ShownClosed extends ClosedView {
  readonly by: Closer
  readonly sentence: string
}

/** A ledger, as `/ledger/…` has it. */
export interface ShownLedger extends Ledger {
  readonly request: ShownSide | null
  readonly requestTrailers: ShownTrailers | null
  readonly interim: readonly ShownSide[]
  readonly response: ShownSide | null
  readonly responseTrailers: ShownTrailers | null
}

export interface ShownSide extends LedgerSide {
  readonly rows: readonly ShownRow[]
}

export interface ShownTrailers extends LedgerTrailers {
  readonly rows: readonly ShownRow[]
}

export type ShownRow = LedgerSide['rows'][number] & {
  /** It is hop-by-hop, so it was not forwarded. */
  readonly hop: boolean
}

/** The rules that drop a field because it is hop-by-hop, and not for another reason. */
const HOP_RULES = [
  ...(['connection', 'named', 'nominated', 'oneHop', 'reserved', 'proxyConnection', 'http2', 'te'] as const),
  ...(['noTrailersWanted', 'upgrade', 'noUpgrade', 'framing', 'unframed', 'consumed', 'challenge'] as const),
] satisfies RuleName[]
const HOP_REASONS: ReadonlySet<string> = new Set(HOP_RULES.map(name => RULES[name].reason))

/** What a page may see of a snapshot, with the close reasons as sentences. */
export function shownSnapshot(snapshot: Snapshot): ShownSnapshot {
  const closed = snapshot.closed.map(it => ({ ...it, by: CLOSED_BY[it.reason], sentence: CLOSE_REASONS[it.reason] }))
  return { ...redactSnapshot(snapshot), closed }
}

/** What a page may see of a ledger, with hop-by-hop fields marked. */
export function shownLedger(ledger: Ledger): ShownLedger {
  const { request, requestTrailers, interim, response, responseTrailers, ...rest } = redactLedger(ledger)
  return {
    ...rest,
    request: request && shown(request),
    requestTrailers: requestTrailers && shown(requestTrailers),
    interim: interim.map(shown),
    response: response && shown(response),
    responseTrailers: responseTrailers && shown(responseTrailers),
  }
}

function shown<T extends LedgerSide | LedgerTrailers>(section: T): T & { readonly rows: readonly ShownRow[] } {
  return {
    ...section,
    rows: section.rows.map(row => ({ ...row, hop: row.verdict !== 'add' && HOP_REASONS.has(row.reason) })),
  }
}
