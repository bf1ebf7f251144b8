import type { Ledger, Snapshot } from '../../admin/source.js'
import type { BoundAddress, GatewayStats, ReloadSummary } from '../gateway-types.js'

/**
 * The messages between the primary and its workers. Each `id` is a request of the primary that gets exactly one reply:
 *
 *     start, reload          ready | reloaded | refused
 *     stats, snapshot, ledger          answer
 *     drain                  drained, when it is over, and the end of the process
 *     reopen, watched        nothing
 */
export type ToWorker<C = unknown> =
  | { kind: 'start'; id: number; worker: number; configuration: C }
  | { kind: 'reload'; id: number; configuration: C }
  | { kind: 'stats'; id: number }
  | { kind: 'snapshot'; id: number; max: number }
  | { kind: 'ledger'; id: number; exchange: string }
  | { kind: 'drain'; announceMs: number; graceMs: number }
  | { kind: 'watched'; on: boolean }
  | { kind: 'reopen' }

export type FromWorker =
  | { kind: 'ready'; id: number; bound: readonly BoundAddress[] }
  | { kind: 'reloaded'; id: number; summary: ReloadSummary }
  | { kind: 'refused'; id: number; reasons: readonly string[] }
  | { kind: 'answer'; id: number; value: GatewayStats | Snapshot | Ledger | null }
  | { kind: 'drained'; stats: GatewayStats }

export type ReplyKind = 'ready' | 'reloaded' | 'answer'
export type Reply<K extends ReplyKind> = Extract<FromWorker, { kind: K }>

/** The message; null if it is not one of these. */
export function readToWorker(value: unknown): ToWorker | null {
  return matches(value, TO_WORKER) ? (value as ToWorker) : null
}

export function readFromWorker(value: unknown): FromWorker | null {
  return matches(value, FROM_WORKER) ? (value as FromWorker) : null
}

type Check = (value: unknown) => boolean
/** What the fields of each kind must be. Deeper values (a configuration, statistics) are made by the same code at both ends. */
type Shapes<M extends { kind: string }> = {
  [K in M['kind']]: { [F in Exclude<keyof Extract<M, { kind: K }>, 'kind'>]: Check }
}

const isObject: Check = value => typeof value === 'object' && value !== null
const isId: Check = value => Number.isSafeInteger(value) && (value as number) > 0
const isMs: Check = value => Number.isFinite(value) && (value as number) >= 0
const isText: Check = value => typeof value === 'string'
const isFlag: Check = value => typeof value === 'boolean'
const isListOf =
  (each: Check): Check =>
  value =>
    Array.isArray(value) && value.every(each)
const isBound: Check = value => has(value, { name: isText, address: isText, port: isMs })
const isSummary: Check = value => has(value, { changes: isObject, bound: isListOf(isBound) })
const anything: Check = value => value !== undefined

const TO_WORKER: Shapes<ToWorker> = {
  start: { id: isId, worker: isId, configuration: anything },
  reload: { id: isId, configuration: anything },
  stats: { id: isId },
  snapshot: { id: isId, max: isMs },
  ledger: { id: isId, exchange: isText },
  drain: { announceMs: isMs, graceMs: isMs },
  watched: { on: isFlag },
  reopen: {},
}

const FROM_WORKER: Shapes<FromWorker> = {
  ready: { id: isId, bound: isListOf(isBound) },
  reloaded: { id: isId, summary: isSummary },
  refused: { id: isId, reasons: isListOf(isText) },
  answer: { id: isId, value: value => value === null || isObject(value) },
  drained: { stats: isObject },
}

function matches(value: unknown, shapes: Readonly<Record<string, Readonly<Record<string, Check>>>>): boolean {
  if (!isObject(value)) return false
  const { kind } = value as { kind?: unknown }
  return typeof kind === 'string' && Object.hasOwn(shapes, kind) && has(value, shapes[kind]!)
}

function has(value: unknown, fields: Readonly<Record<string, Check>>): boolean {
  if (!isObject(value)) return false
  return Object.entries(fields).every(([name, check]) => check((value as Record<string, unknown>)[name]))
}
