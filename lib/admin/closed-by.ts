import type { CloseReason } from '../policy/close-reason.js'

/** Whose doing the end of a connection was. `proxy` is us: a limit, a deadline, a drain, or a fault of ours. */
export type Closer = 'client' | 'upstream' | 'proxy'

/**
 * Who ended a connection, by the reason. Where we close because a peer said so, asked for it or left no other way, it was
 * that peer; where we grew tired of waiting, it was us.
 */
export const CLOSED_BY: Readonly<Record<CloseReason, Closer>> = {
  'client-close': 'client',
  'client-http10': 'client',
  'client-fin': 'client',
  'client-reset': 'client',
  'client-idle': 'proxy',
  'client-head-timeout': 'proxy',
  'client-body-timeout': 'proxy',
  'client-write-timeout': 'proxy',
  'client-requests-max': 'proxy',
  'client-evicted': 'proxy',
  'client-limit': 'proxy',
  'client-denied': 'proxy',
  'client-rate': 'proxy',
  'client-preface': 'client',
  'client-tls': 'client',
  'client-protocol-error': 'client',
  'client-gone': 'client',
  'content-unread': 'proxy',
  'response-close-delimited': 'upstream',
  'response-truncated': 'upstream',
  refused: 'proxy',
  'upgraded-ended': 'client',
  'tunnel-ended': 'client',
  'tunnel-idle': 'proxy',
  'upstream-close': 'upstream',
  'upstream-http10': 'upstream',
  'upstream-fin': 'upstream',
  'upstream-reset': 'upstream',
  'upstream-idle': 'proxy',
  'upstream-hint': 'proxy',
  'upstream-learned': 'proxy',
  'upstream-age': 'proxy',
  'upstream-requests-max': 'proxy',
  'upstream-unsolicited': 'upstream',
  'upstream-protocol-error': 'upstream',
  'upstream-timeout': 'proxy',
  'upstream-incomplete': 'upstream',
  'upstream-private': 'proxy',
  'early-response': 'upstream',
  'surplus-idle': 'proxy',
  stale: 'upstream',
  'exchange-timeout': 'proxy',
  reconfigured: 'proxy',
  health: 'proxy',
  draining: 'proxy',
  'internal-error': 'proxy',
  shutdown: 'proxy',
}
