import { z } from 'zod'
import type { Deadlines } from '../link/deadlines.js'
import type { Limits } from '../link/limits.js'
import { EJECTION, GROUP_DEADLINES, GROUP_LIMITS, RETRIES } from '../proxy/options/group-options.js'
import { HEALTH_CHECK } from '../proxy/options/health-options.js'
import { RESOLVE } from '../proxy/options/resolve-options.js'
import { choice, count, fileName, flag, milliseconds, nameservers, overrides, text } from './schema-parts.js'
import * as values from './values.js'

const url = text(values.readServer)

const server = z.strictObject({
  url: url.describe('http://host:port, https://host, unix:/path, or srv+http://NAME for the servers of an SRV record.'),
  weight: count(1, 'Its share of the requests; 0: only clients whose sticky cookie names it.', { max: 1_000 }),
  backup: flag(false, 'Use it only when no other server is available.'),
  connectionsMax: z
    .int()
    .min(1)
    .optional()
    .describe('Maximum number of connections to it. Default: upstreamConnectionsMax of the group.'),
  waitingMax: z
    .int()
    .min(0)
    .optional()
    .describe('Maximum number of requests waiting for it. Default: upstreamWaitingMax of the group.'),
})

const ejection = z.strictObject({
  failures: count(EJECTION.failures, 'Failures within withinMs after which a server is ejected; 0 is never.'),
  withinMs: milliseconds(EJECTION.withinMs, 'The period in which failures are counted (ms).', { min: 1 }),
  ejectMs: milliseconds(EJECTION.ejectMs, 'How long a server stays ejected (ms).', { min: 1 }),
  ejectedPercentMax: count(EJECTION.ejectedPercentMax, 'Largest share of the group that may be ejected, in percent.', {
    max: 100,
  }),
})

const healthCheck = z.strictObject({
  path: text(values.readPath).default(HEALTH_CHECK.path).describe('The path to request, with GET.'),
  host: text(values.readSendHost).optional().describe("The Host to send. Default: the server's own."),
  intervalMs: milliseconds(HEALTH_CHECK.intervalMs, 'Time from one check to the next (ms).', { min: 1 }),
  timeoutMs: milliseconds(HEALTH_CHECK.timeoutMs, 'Time for the whole response (ms).', { min: 1 }),
  healthyAfter: count(HEALTH_CHECK.healthyAfter, 'Successful checks in a row after which a server is used again.', {
    min: 1,
  }),
  unhealthyAfter: count(HEALTH_CHECK.unhealthyAfter, 'Failed checks in a row after which a server is no longer used.', {
    min: 1,
  }),
  status: text(values.readStatus)
    .default(HEALTH_CHECK.status)
    .describe('Statuses of a healthy response, such as 200-399 or 200,204.'),
})

const tls = z.strictObject({
  ca: fileName("PEM file with the certificate authorities to trust in place of Node's.").optional(),
  servername: text(values.readServername)
    .optional()
    .describe("The server name to send (SNI) and to verify. Default: the URL's host."),
  insecure: flag(false, 'Do not verify certificates. For tests only.'),
  cert: fileName('PEM file with a client certificate to present to the upstream.').optional(),
  key: fileName('PEM file with the private key of that certificate.').optional(),
})

export const group = z.strictObject({
  servers: z
    .array(z.union([url, server]))
    .min(1)
    .describe('Its servers: URLs, or mappings with a url and more keys.'),
  balance: choice(
    ['round-robin', 'least-connections', 'hash'],
    'round-robin',
    'How to choose a server: in turn by weight, the least busy one, or always the same one for the same client.',
  ),
  hash: z
    .strictObject({
      by: choice(['address', 'field', 'cookie'], 'address', 'What the hash is computed from.'),
      name: text(values.readToken).optional().describe('The name of the field or cookie.'),
    })
    .optional()
    .describe('With balance: hash. Default: by address.'),
  sticky: z
    .strictObject({ cookie: text(values.readToken).describe('The name of the cookie.') })
    .optional()
    .describe('Set a cookie that brings each client back to the same server.'),
  retries: count(RETRIES, 'Other servers to try when a retry is safe.', { max: 100 }),
  retryOn: choice(
    ['reused', 'any'],
    'reused',
    'Connections that may have lost a request that is sent again: reused ones only, or fresh ones too (any).',
  ),
  ejection: ejection.prefault({}).describe('Stop using servers that fail, for a while.'),
  healthCheck: healthCheck.optional().describe('Check the health of each server regularly.'),
  slowStartMs: milliseconds(0, 'Time in which a recovered server grows to its full share; 0 is at once (ms).'),
  resolve: z
    .strictObject({
      nameservers,
      minMs: milliseconds(RESOLVE.minMs, 'Shortest time before a name is resolved again, whatever its TTL (ms).', {
        min: 1,
      }),
      maxMs: milliseconds(RESOLVE.maxMs, 'Longest time before a name is resolved again, whatever its TTL (ms).', {
        min: 1,
      }),
    })
    .prefault({})
    .describe('How to resolve the names of servers.'),
  tls: tls.optional().describe('How to connect to https servers and verify them.'),
  proxyProtocol: choice(['off', 'v1', 'v2'], 'off', 'Begin each connection with the PROXY protocol.'),
  limits: overrides<Pick<Limits, (typeof GROUP_LIMITS)[number]>>('limits', GROUP_LIMITS)
    .prefault({})
    .describe('Limits for each server that override those of the listener.'),
  deadlines: overrides<Pick<Deadlines, (typeof GROUP_DEADLINES)[number]>>('deadlines', GROUP_DEADLINES)
    .prefault({})
    .describe('Deadlines that override those of the listener.'),
})
