import type { CloseReason } from '../policy/close-reason.js'
import type { DeadlineName, Deadlines } from './deadlines.js'
import { ProxyError, type ProxyStatusError, type Side, type Stage } from './proxy-error.js'

/** A deadline that passed: the error to answer with, if an answer is still possible, and why each side closes. */
export interface Timeout {
  readonly error: ProxyError
  readonly upstreamReason: CloseReason
  /** undefined: the client connection may be kept. */
  readonly clientReason: CloseReason | undefined
}

interface Row {
  readonly type: ProxyStatusError
  readonly stage: Stage
  readonly side: Side
  readonly waitedFor: string
  readonly upstreamReason: CloseReason
  readonly clientReason?: CloseReason
  readonly status?: number
}

const WHOLE: Row = {
  type: 'proxy_internal_response',
  stage: 'response-body',
  side: 'proxy',
  waitedFor: 'the whole exchange',
  upstreamReason: 'exchange-timeout',
  clientReason: 'exchange-timeout',
  status: 504,
}

/** Deadlines for which the client is responsible. */
const CLIENT: Partial<Record<DeadlineName, Row>> = {
  requestHeadMs: {
    type: 'http_request_error',
    stage: 'client-head',
    side: 'client',
    waitedFor: 'the request head',
    upstreamReason: 'client-gone',
    clientReason: 'client-head-timeout',
    status: 408,
  },
  requestBodyMs: {
    type: 'http_request_error',
    stage: 'request-body',
    side: 'client',
    waitedFor: 'more of the request content',
    upstreamReason: 'client-gone',
    clientReason: 'client-body-timeout',
    status: 408,
  },
  clientWriteMs: {
    type: 'connection_write_timeout',
    stage: 'response-body',
    side: 'client',
    waitedFor: 'the client to accept more of the response',
    upstreamReason: 'client-gone',
    clientReason: 'client-write-timeout',
  },
  halfClosedMs: {
    type: 'connection_terminated',
    stage: 'response-head',
    side: 'client',
    waitedFor: 'the response, or more of it, for a client that had closed its side',
    upstreamReason: 'client-gone',
    clientReason: 'client-fin',
  },
}

/** Deadlines for which the upstream is responsible. */
const UPSTREAM: Partial<Record<DeadlineName, Row>> = {
  responseHeadMs: {
    type: 'http_response_timeout',
    stage: 'response-head',
    side: 'upstream',
    waitedFor: 'the head of the response',
    upstreamReason: 'upstream-timeout',
  },
  responseBodyMs: {
    type: 'connection_read_timeout',
    stage: 'response-body',
    side: 'upstream',
    waitedFor: 'more of the response',
    upstreamReason: 'upstream-timeout',
  },
  requestBodyMs: {
    type: 'connection_write_timeout',
    stage: 'request-body',
    side: 'upstream',
    waitedFor: 'the upstream to accept more of the request',
    upstreamReason: 'upstream-timeout',
  },
}

/** The consequences of this deadline of that side having passed; `at`: the stage, if it is not the usual one. */
export function timeoutOf(
  side: 'client' | 'upstream',
  deadline: DeadlineName,
  deadlines: Deadlines,
  at?: Stage,
): Timeout {
  const row = (side === 'client' ? CLIENT : UPSTREAM)[deadline] ?? WHOLE
  const text = `waited ${deadlines[deadline]} ms for ${row.waitedFor}`
  const { type, status, upstreamReason, clientReason } = row
  const stage = at ?? row.stage
  return {
    error: new ProxyError(type, text, { stage, side: row.side, deadline, status }),
    upstreamReason,
    clientReason,
  }
}
