import type { Said } from './said.js'

/**
 * The events of an experiment, in the order in which they were seen. The terminal, the page, the saved file and the drawings in
 * the documentation read only these events; a file of them, one line of JSON each, is a whole recording.
 *
 * Times are milliseconds since the run began, taken where the event was seen: at the client's end and at the origin's end of the
 * real connections, and in a relay between two proxies. A proxy is observed from both sides and reports nothing itself.
 */
export type LabEvent = Stamped & Happening

export interface Stamped {
  /** Milliseconds since the run began, to a thousandth. */
  readonly at: number
}

export type Happening =
  | RunBegan
  | SceneSet
  | ConnectionOpened
  | BytesSeen
  | HalfClosed
  | ConnectionClosed
  | Waits
  | GoesOn
  | Step
  | Note
  | Figure
  | Bar
  | Judged

/** Always first. */
export interface RunBegan {
  readonly kind: 'run'
  readonly format: 'hopwise-lab/1'
  readonly experiment: string
  readonly knobs: Readonly<Record<string, string | number>>
  /** The factor of every wait: 1 is real time. */
  readonly scale: number
  /** ISO 8601. */
  readonly startedAt: string
  /** `node 20.19.0, linux` */
  readonly machine: string
}

/**
 * A set of parties with their lifelines; its times count from here. Scenes that are set together have the same time and are side
 * by side.
 */
export interface SceneSet {
  readonly kind: 'scene'
  readonly scene: string
  readonly title: Said
  /** From left to right. */
  readonly parties: readonly Party[]
}

export interface Party {
  /** `client`, `proxy`, `proxy2`, `origin`: unique in its scene. */
  readonly id: string
  readonly role: 'client' | 'proxy' | 'origin'
  /** The kind of party: `hopwise`, `dumb`, … */
  readonly what: PartyKind
  readonly name: Said
}

export type PartyKind = 'client' | 'dumb' | 'stock' | 'hopwise' | 'smart' | 'relay' | 'origin' | 'nginx' | 'curl'

/** A connection is open. */
export interface ConnectionOpened {
  readonly kind: 'open'
  readonly scene: string
  /** `c1`, `c2`, … : unique in its scene. */
  readonly connection: string
  /** The party that connected, and the one that accepted. */
  readonly from: string
  readonly to: string
  /** Local and remote address with port, at the end that saw it, if known: together the four values. */
  readonly addresses?: readonly [string, string]
  /** The time that connecting took, if the connecting end saw it. */
  readonly tookMs?: number
}

/** Bytes passed, as one end wrote or read them. */
export interface BytesSeen {
  readonly kind: 'bytes'
  readonly scene: string
  readonly connection: string
  /** The sender. */
  readonly by: string
  readonly size: number
  /** The first bytes as latin1 (see TEXT_BYTES_MAX); the rest is only counted. */
  readonly text: string
  /** The heads that begin in `text`; each field with what must happen to it at the next hop. */
  readonly heads?: readonly SeenHead[]
}

export interface SeenHead {
  /** Where in `text` the head begins, and where its content begins. */
  readonly from: number
  readonly to: number
  readonly startLine: string
  readonly fields: readonly SeenField[]
}

/** The ledger's verdict: `keep` lives, `drop` dies at this hop, `replace` is replaced by the next hop's own, `reject` refuses the message. */
export interface SeenField {
  readonly name: string
  readonly value: string
  readonly verdict: 'keep' | 'drop' | 'replace' | 'reject' | 'add'
  readonly reason: string
  /** `RFC 9110 7.6.1` */
  readonly section: string
}

/** One side will send no more (a FIN); the other direction is still open. */
export interface HalfClosed {
  readonly kind: 'fin'
  readonly scene: string
  readonly connection: string
  readonly by: string
}

/** The connection has ended. */
export interface ConnectionClosed {
  readonly kind: 'closed'
  readonly scene: string
  readonly connection: string
  /** The side that ended it first. */
  readonly by: string
  readonly how: 'fin' | 'reset' | 'vanished'
  readonly why?: Said
}

/** `who` can do nothing until `on` does something. A cycle of these, with a client in it, is a hang. */
export interface Waits {
  readonly kind: 'waits'
  readonly scene: string
  readonly who: string
  readonly on: string
  /** What it waits for: "for the response". */
  readonly what: Said
}

export interface GoesOn {
  readonly kind: 'goes-on'
  readonly scene: string
  readonly who: string
}

/** A numbered step of the story. */
export interface Step {
  readonly kind: 'step'
  readonly scene: string
  readonly n: number
  readonly text: Said
  /** The party to whose lifeline it belongs. */
  readonly party?: string
}

/** A remark at this moment. */
export interface Note {
  readonly kind: 'note'
  readonly scene: string
  readonly text: Said
  readonly party?: string
}

/** Something measured or counted. A later one with the same `id` replaces it. */
export interface Figure {
  readonly kind: 'figure'
  readonly scene: string
  readonly id: string
  readonly label: Said
  readonly value: number
  readonly unit: 'ms' | 'bytes' | 'count' | 'percent'
}

/** A piece of a row in a chart over time (the waterfall of a page load): `from` and `to` in ms since its scene was set. */
export interface Bar {
  readonly kind: 'bar'
  readonly scene: string
  readonly row: string
  readonly part: 'wait' | 'name' | 'connect' | 'send' | 'server' | 'receive'
  readonly from: number
  readonly to: number
  /** The connection, if known. */
  readonly connection?: string
}

/** Always last. */
export interface Judged {
  readonly kind: 'verdict'
  /**
   * `observed`: the effect was really seen; `not-observed`: it was not; `too-busy`: this machine measurably delayed the run for
   * so long that the effect could not be distinguished from the delay; `impossible`: this machine does not allow the experiment,
   * and `text` says why.
   */
  readonly outcome: 'observed' | 'not-observed' | 'too-busy' | 'impossible'
  /** One sentence. */
  readonly text: Said
  /**
   * The answer to the experiment's question that this run showed to be right, from 1. Not given: the run cannot judge a guess.
   */
  readonly right?: number
}

/** Bytes of one event that are kept as text. */
export const TEXT_BYTES_MAX = 2_048
