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
  url: url.describe('http://host:port, https://host, unix:/path, or srv+http://NAME for the servers of a SRV record.'),
  weight: count(1, 'Its share of the requests; 0: only clients that a cookie holds to it.', { max: 1_000 }),
  backup: flag(false, 'Asked only when no other server can be.'),
  connectionsMax: z
    .int()
    .min(1)
    .optional()
    .describe('Connections to it. Default: upstreamConnectionsMax of the group.'),
  waitingMax: z
    .int()
    .min(0)
    .optional()
    .describe('Requests that wait for it. Default: upstreamWaitingMax of the group.'),
})

const ejection = z.strictObject({
  failures: count(EJECTION.failures, 'Failures within withinMs after which a server is left alone; 0 is never.'),
  withinMs: milliseconds(EJECTION.withinMs, 'Older failures do not count (ms).', { min: 1 }),
  ejectMs: milliseconds(EJECTION.ejectMs, 'How long it is left alone (ms).', { min: 1 }),
  ejectedPercentMax: count(EJECTION.ejectedPercentMax, 'Never more of the group than this, in percent.', { max: 100 }),
})

const healthCheck = z.strictObject({
  path: text(values.readPath).default(HEALTH_CHECK.path).describe('What is asked for, with GET.'),
  host: text(values.readSendHost).optional().describe("The Host that is sent. Default: the server's own."),
  intervalMs: milliseconds(HEALTH_CHECK.intervalMs, 'From one question to the next (ms).', { min: 1 }),
  timeoutMs: milliseconds(HEALTH_CHECK.timeoutMs, 'Time for the whole answer (ms).', { min: 1 }),
  healthyAfter: count(
    HEALTH_CHECK.healthyAfter,
    'Good answers in a row after which a server is asked again by clients.',
    { min: 1 },
  ),
  unhealthyAfter: count(HEALTH_CHECK.unhealthyAfter, 'Bad answers in a row after which it is not.', { min: 1 }),
  status: text(values.readStatus)
    .default(HEALTH_CHECK.status)
    .describe('Statuses of a good answer: 200-399, or 200,204.'),
})

const tls = z.strictObject({
  ca: fileName("PEM file with the authorities to trust in place of Node's.").optional(),
  servername: text(values.readServername)
    .optional()
    .describe("The name to ask for and to expect. Default: the URL's host."),
  insecure: flag(false, 'Do not verify certificates. Only for trying something out.'),
  cert: fileName('PEM file with a certificate to show to the upstream.').optional(),
  key: fileName('PEM file with the private key of that certificate.').optional(),
})

export const group = z.strictObject({
  servers: z
    .array(z.union([url, server]))
    .min(1)
    .describe('Its servers: URLs, or mappings with a url and more.'),
  balance: choice(
    ['round-robin', 'least-connections', 'hash'],
    'round-robin',
    'How a server is chosen: in turn by weight, the least busy, or always the same for the same client.',
  ),
  hash: z
    .strictObject({
      by: choice(['address', 'field', 'cookie'], 'address', 'What makes two requests the same.'),
      name: text(values.readToken).optional().describe('The name of the field or of the cookie.'),
    })
    .optional()
    .describe('With balance: hash. Default: by address.'),
  sticky: z
    .strictObject({ cookie: text(values.readToken).describe('Its name.') })
    .optional()
    .describe('A cookie of ours brings a client back to the server that it had.'),
  retries: count(RETRIES, 'Other servers that are tried when it is safe to.', { max: 100 }),
  retryOn: choice(
    ['reused', 'any'],
    'reused',
    'Which connections may have lost a request that is sent again: reused ones, or fresh ones too (any).',
  ),
  ejection: ejection.prefault({}).describe('Servers that fail are left alone for a while.'),
  healthCheck: healthCheck.optional().describe('Ask each server now and then how it is.'),
  slowStartMs: milliseconds(0, 'Time in which a server that came back grows to its full share; 0 is at once (ms).'),
  resolve: z
    .strictObject({
      nameservers,
      minMs: milliseconds(RESOLVE.minMs, 'A name is resolved again no sooner, whatever its TTL (ms).', { min: 1 }),
      maxMs: milliseconds(RESOLVE.maxMs, 'A name is resolved again no later, whatever its TTL (ms).', { min: 1 }),
    })
    .prefault({})
    .describe('How the names of servers are turned into addresses.'),
  tls: tls.optional().describe('How https servers are verified.'),
  proxyProtocol: choice(['off', 'v1', 'v2'], 'off', 'Begin each connection with the PROXY protocol.'),
  limits: overrides<Pick<Limits, (typeof GROUP_LIMITS)[number]>>('limits', GROUP_LIMITS)
    .prefault({})
    .describe('Other limits than those of the listener, for each server.'),
  deadlines: overrides<Pick<Deadlines, (typeof GROUP_DEADLINES)[number]>>('deadlines', GROUP_DEADLINES)
    .prefault({})
    .describe('Other deadlines than those of the listener.'),
})
