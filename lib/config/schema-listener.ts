import { z } from 'zod'
import type { Deadlines } from '../link/deadlines.js'
import type { Limits } from '../link/limits.js'
import { HANDSHAKE_MS } from '../proxy/options/client-tls-options.js'
import { CONNECT_PORTS, TCP_KEEP_ALIVE_MS, UPGRADES } from '../proxy/options/options.js'
import { FAILED_LOGINS_PER_MINUTE } from '../proxy/options/rate-options.js'
import type { GrammarLimits } from '../wire/limits.js'
import {
  choice,
  count,
  fileName,
  flag,
  milliseconds,
  nameservers,
  oneOrMore,
  overrides,
  rate,
  text,
} from './schema-parts.js'
import * as values from './values.js'

const networks = (about: string) => z.array(text(values.readNetwork)).describe(about)
export const peers = (about: string) => z.array(text(values.readPeer)).describe(about)

const tls = z.strictObject({
  certificates: z
    .array(
      z.strictObject({
        cert: fileName('PEM file with the certificate, followed by its chain.'),
        key: fileName('PEM file with the private key of that certificate.'),
      }),
    )
    .min(1)
    .describe(
      'One for each set of names, chosen by the name that the client sends (SNI); the first one is the default.',
    ),
  minVersion: choice(['TLSv1.2', 'TLSv1.3'], 'TLSv1.2', 'The oldest version of TLS to accept.'),
  ciphers: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A list of ciphers in OpenSSL format. Default: only ciphers with forward secrecy and authenticated encryption.',
    ),
  clientCertificates: z
    .strictObject({
      ca: fileName('PEM file with the certificate authorities that sign client certificates.'),
      required: flag(true, 'Reject clients without a certificate.'),
      fields: z
        .array(z.enum(['subject', 'issuer', 'serial', 'fingerprint', 'certificate']))
        .default([])
        .describe('Mode reverse: what to forward to upstreams about it, in X-Client-Cert-Subject … and Client-Cert.'),
    })
    .optional()
    .describe('Ask clients for a certificate.'),
  handshakeMs: milliseconds(HANDSHAKE_MS, 'Time for a TLS handshake with a client; 0 is no limit (ms).'),
})

const clients = z.strictObject({
  allow: networks('Addresses and networks that may connect; all others are refused.').min(1).optional(),
  deny: networks('Addresses and networks to refuse, even if allow has them.').default([]),
  requestsPerSecond: rate(
    0,
    'Requests per second from one address (IPv6: one /64); more are answered with 429; 0 is no limit.',
  ),
  requestsBurst: count(0, 'Requests allowed at once after a pause; 0 is as many as in one second.'),
  connectionsPerSecond: rate(0, 'New connections per second from one address; more are closed; 0 is no limit.'),
  failedLoginsPerMinute: count(
    FAILED_LOGINS_PER_MINUTE,
    'Wrong passwords that one address may send in a minute; then it gets 429 for a while; 0 is no limit.',
  ),
  uploadBytesPerSecondMin: count(
    0,
    'Minimum rate of request content; slower content is answered with 408; 0 is no limit.',
    {
      max: 1_000_000_000,
    },
  ),
})

const fieldName = (kind: 'request' | 'response') => text(name => values.readFieldName(kind, name))

const fieldChanges = (what: 'request' | 'response') =>
  z
    .strictObject({
      set: z
        .record(fieldName(what), text(values.readFieldValue))
        .default({})
        .describe(`Fields to set in the forwarded ${what}, replacing any that it had.`),
      remove: z.array(fieldName(what)).default([]).describe(`Fields to remove from the ${what}.`),
    })
    .prefault({})
    .describe(`Changes to the fields of the ${what}, made after hop-by-hop handling.`)

const route = z.strictObject({
  host: oneOrMore(text(values.readRouteHost))
    .optional()
    .describe("The requested host, or a list; '*.example' matches every name below example. Default: every host."),
  path: text(values.readRoutePath)
    .optional()
    .describe('The requested path and all below it. Default, without exact: every path.'),
  exact: text(values.readRoutePath).optional().describe('Only this path; used instead of path.'),
  method: oneOrMore(text(values.readMethod)).optional().describe('The method, or a list. Default: every method.'),
  upstream: text(values.readTarget).describe('The target: the name of a group under upstreams, or a URL.'),
  stripPrefix: text(values.readRoutePath).optional().describe('Prefix to remove from the path.'),
  setPrefix: text(values.readPath).optional().describe('Prefix to put in front of the path, after stripPrefix.'),
  sendHost: text(values.readSendHost)
    .default('preserve')
    .describe("The Host to send: preserve (the client's), upstream (the upstream's own), or any host."),
  rewriteLocation: flag(
    false,
    'Rewrite Location, Content-Location and Refresh that point to the upstream so that they point to this route.',
  ),
  rewriteCookies: flag(false, "Rewrite Path and Domain of the upstream's cookies to the ones that the client uses."),
  requestFields: fieldChanges('request'),
  responseFields: fieldChanges('response'),
  bufferRequestBytes: count(
    0,
    'Buffer up to this many bytes of content before taking an upstream connection; 0 forwards it at once.',
    {
      max: 1_073_741_824,
    },
  ),
})

const destinationList = () => z.array(text(values.readDestination))

const destinations = z.strictObject({
  allow: destinationList().default([]).describe('Destinations to permit although they are not public.'),
  only: destinationList().min(1).optional().describe('If given, no other destinations are permitted.'),
  deny: destinationList().default([]).describe('Destinations to refuse, even if allow or only has them.'),
  connectPorts: z
    .array(z.int().min(1).max(65_535))
    .min(1)
    .default([...CONNECT_PORTS])
    .describe('All ports that CONNECT may reach.'),
  allowPorts: z
    .array(z.int().min(1).max(65_535))
    .default([])
    .describe('Ports to open to requests other than CONNECT that are closed by default (25, 6379, …).'),
})

export const listener = z.strictObject({
  address: text(values.readAddress)
    .describe("host:port, :port for every address, '[::1]:80', unix:/path, fd:3 or systemd:NAME.")
    .meta({ examples: ['127.0.0.1:8080', ':8080', 'unix:/run/hopwise.sock'] }),
  name: text(values.readListenerName).optional().describe('Its name in logs and metrics. Default: the address.'),
  mode: choice(
    ['reverse', 'forward', 'dumb'],
    'reverse',
    'The kind of proxy. dumb is wrong on purpose, for demonstrations.',
  ),
  proxyProtocol: z
    .strictObject({
      from: peers('Peers that begin each connection with it; from all others it is not accepted.').min(1),
    })
    .optional()
    .describe('Read the PROXY protocol (v1, v2) that a load balancer in front sends.'),
  tls: tls.optional().describe('Use TLS with clients.'),
  trust: peers('Peers whose Forwarded and X-Forwarded-* are trusted. Default: the top-level trust.').optional(),
  via: z
    .enum(['off', 'request', 'both'])
    .optional()
    .describe('Messages that get a Via field. Default: reverse request, forward both.'),
  xForwarded: z
    .boolean()
    .optional()
    .describe('Add X-Forwarded-For, -Host and -Proto. Default: reverse true, forward false.'),
  xForwardedPort: flag(false, 'Add X-Forwarded-Port: the port that the client asked for.'),
  xForwardedPrefix: flag(false, 'Mode reverse: add X-Forwarded-Prefix when a route removes its stripPrefix.'),
  xRealIp: flag(false, "Add X-Real-IP: the client's address."),
  forwarded: flag(false, 'Add Forwarded (RFC 7239).'),
  keepFields: z
    .array(text(values.readKeptField))
    .default([])
    .describe(
      'Fields to accept from untrusted peers too although they describe the client or target, such as True-Client-IP.',
    ),
  upgrades: z
    .array(text(values.readProtocol))
    .default([...UPGRADES])
    .describe('Protocols that a connection may be upgraded to.'),
  nominatedEndToEnd: choice(
    ['remove', 'reject'],
    'remove',
    'What to do when Connection names an end-to-end field such as Cookie.',
  ),
  strictUpstream: flag(false, 'Answer 502 to a response with bare LF or folded lines instead of repairing it.'),
  interim: choice(['all', 'none'], 'all', 'Interim responses (1xx) to forward.'),
  halfClosed: choice(
    ['abort', 'answer'],
    'abort',
    'What to do when a client closes its sending side before its response is complete.',
  ),
  announceKeepAlive: choice(['http10', 'always'], 'http10', 'Clients that are sent the idle limit in Keep-Alive.'),
  trace: z.boolean().optional().describe('Forward TRACE. Default: reverse false (405), forward true.'),
  noDelay: flag(
    true,
    "Send small writes at once (TCP_NODELAY), without Nagle's algorithm. Connections to servers always do.",
  ),
  tcpKeepAliveMs: milliseconds(
    TCP_KEEP_ALIVE_MS,
    'Silence before the kernel probes a peer; 0 is never (ms). On connections to servers it is always 30000.',
  ),
  requestId: choice(
    ['off', 'keep', 'make'],
    'off',
    'X-Request-Id: keep it, or make one if missing (keep), or always make one (make).',
  ),
  limits: overrides<Limits>('limits').prefault({}).describe('Limits that override the top-level ones.'),
  deadlines: overrides<Deadlines>('deadlines').prefault({}).describe('Deadlines that override the top-level ones.'),
  grammar: overrides<GrammarLimits>('grammar')
    .prefault({})
    .describe('Limits of one message that override the top-level ones.'),
  clients: clients.prefault({}).describe('Restrictions on clients: which may connect, and how much they may do.'),
  routes: z
    .array(route)
    .min(1)
    .optional()
    .describe(
      'Mode reverse: the routing table. The first route that matches a request decides; if none does, it gets 404.',
    ),
  destinations: destinations.prefault({}).describe('Mode forward: the destinations that clients may reach.'),
  resolve: z
    .strictObject({
      nameservers,
    })
    .prefault({})
    .describe('Mode forward: how to resolve the names that clients ask for.'),
  users: z
    .strictObject({ file: fileName('File with lines user:hash, made by hopwise password.') })
    .optional()
    .describe('Mode forward: require authentication (Basic) of clients.'),
  parent: text(values.readParent)
    .optional()
    .describe('Mode forward: the proxy to send all requests through, http://[user:password@]host:port.'),
  forwardHttp10KeepAlive: flag(false, 'Mode forward: keep HTTP/1.0 connections alive, against RFC 9112 9.3.'),
  upstream: text(values.readServer)
    .optional()
    .describe('Mode dumb: its one upstream. Default: none, which makes a forward proxy.'),
})
