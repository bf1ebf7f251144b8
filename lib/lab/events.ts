import type { Said } from './said.js'

/**
 * What happens in an experiment, in the order in which it was seen. The terminal, the page, the saved file and the drawings in the
 * documentation all read this and nothing else; a file of it, a line of JSON for each, is a whole recording.
 *
 * Times are milliseconds since the run began, taken where it was seen: at the client's end and at the origin's end of the real connections,
 * and in a relay between two proxies. A proxy is seen from both sides and never asked.
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
  /** What every wait was multiplied with: 1 is real time. */
  readonly scale: number
  /** ISO 8601. */
  readonly startedAt: string
  /** `node 20.19.0, linux` */
  readonly machine: string
}

/** A set of parties with their lifelines; its times count from here. Scenes that are set together have the same time, and stand side by side. */
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
  /** `hopwise`, `dumb`, … : what it is, as far as that matters. */
  readonly what: PartyKind
  readonly name: Said
}

export type PartyKind = 'client' | 'dumb' | 'stock' | 'hopwise' | 'smart' | 'relay' | 'origin' | 'nginx' | 'curl'

/** A connection stands. */
export interface ConnectionOpened {
  readonly kind: 'open'
  readonly scene: string
  /** `c1`, `c2`, … : unique in its scene. */
  readonly connection: string
  /** Who connected, and to whom. */
  readonly from: string
  readonly to: string
  /** Local and remote address with port, of the end that saw it, where they are known. With the two addresses they are the four values. */
  readonly addresses?: readonly [string, string]
  /** What connecting took, where the connecting end saw it. */
  readonly tookMs?: number
}

/** Bytes passed, as one end wrote or read them. */
export interface BytesSeen {
  readonly kind: 'bytes'
  readonly scene: string
  readonly connection: string
  /** Who sent them. */
  readonly by: string
  readonly size: number
  /** latin1, the first of them (see TEXT_BYTES_MAX); the rest is only counted. */
  readonly text: string
  /** The heads that begin in `text`, each field with what has to become of it at the next hop. */
  readonly heads?: readonly SeenHead[]
}

export interface SeenHead {
  /** Where in `text` it begins, and where its content does. */
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

/** One side will send no more (a FIN); the other direction still stands. */
export interface HalfClosed {
  readonly kind: 'fin'
  readonly scene: string
  readonly connection: string
  readonly by: string
}

/** The connection is over. */
export interface ConnectionClosed {
  readonly kind: 'closed'
  readonly scene: string
  readonly connection: string
  /** Who ended it first. */
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
  /** For what: "for the response". */
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
  /** Beside whose lifeline it belongs. */
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
  /** Over which connection, where that is known. */
  readonly connection?: string
}

/** Always last. */
export interface Judged {
  readonly kind: 'verdict'
  /**
   * `observed`: the effect was really seen; `not-observed`: it was not there; `too-busy`: this machine was measured to have kept the run
   * waiting for so long that the effect could not be told from that; `impossible`: this machine does not allow it, and `text` says why.
   */
  readonly outcome: 'observed' | 'not-observed' | 'too-busy' | 'impossible'
  /** One sentence. */
  readonly text: Said
  /** Which answer to the question of its experiment this run has shown to be right, from 1. Not given: no guess can be judged by it. */
  readonly right?: number
}

/** Bytes of one event that are kept as text. */
export const TEXT_BYTES_MAX = 2_048
