/** hopwise as a library: `createProxy(options)`, and the types and constants of its options, events and errors. */

export { DEADLINES, type DeadlineName, type Deadlines } from './link/deadlines.js'
export { LIMITS, type LimitName, type Limits } from './link/limits.js'
export { PROXY_ERRORS, ProxyError, type ProxyStatusError, type Side, type Stage } from './link/proxy-error.js'
export type { Clock, Timer } from './net/clock.js'
export { CLOSE_REASONS, type CloseReason } from './policy/close-reason.js'
export type {
  ConnectionRecord,
  ExchangeRecord,
  OriginStats,
  Outcome,
  ProxyEvents,
  ProxyStats,
  Warning,
} from './proxy/events.js'
export type { ClientTlsOptions } from './proxy/options/client-tls-options.js'
export type { GroupOptions } from './proxy/options/group-options.js'
export type { HealthCheckOptions } from './proxy/options/health-options.js'
export type { ProxyOptions } from './proxy/options/proxy-options.js'
export type { RouteOptions } from './proxy/options/route-options.js'
export type { ServerOptions } from './proxy/options/server-options.js'
export { createProxy, type Proxy } from './proxy/proxy.js'
export { hashPassword, type PasswordHash, readPasswordHash } from './proxy/users.js'
export { GRAMMAR_LIMITS, type GrammarLimits } from './wire/limits.js'
export { ProtocolError } from './wire/protocol-error.js'
