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
        cert: fileName('PEM file with the certificate, and behind it those that signed it.'),
        key: fileName('PEM file with the private key of that certificate.'),
      }),
    )
    .min(1)
    .describe('One for each set of names; the client says which (SNI), the first is for all others.'),
  minVersion: choice(['TLSv1.2', 'TLSv1.3'], 'TLSv1.2', 'The oldest version of TLS that is spoken.'),
  ciphers: z
    .string()
    .min(1)
    .optional()
    .describe('A list of ciphers as OpenSSL writes it. Default: forward secrecy and authenticated encryption only.'),
  clientCertificates: z
    .strictObject({
      ca: fileName('PEM file with the authorities that sign the certificates of clients.'),
      required: flag(true, 'Refuse clients without a certificate.'),
      fields: z
        .array(z.enum(['subject', 'issuer', 'serial', 'fingerprint', 'certificate']))
        .default([])
        .describe('Mode reverse: what upstreams are told of it, in X-Client-Cert-Subject … and Client-Cert.'),
    })
    .optional()
    .describe('Ask clients for a certificate.'),
  handshakeMs: milliseconds(HANDSHAKE_MS, 'Time for a TLS handshake with a client; 0 is no limit (ms).'),
})

const clients = z.strictObject({
  allow: networks('Addresses and networks that may connect; all others are refused.').min(1).optional(),
  deny: networks('Addresses and networks that are refused, whatever allow says.').default([]),
  requestsPerSecond: rate(0, 'Requests for each address (IPv6: each /64), beyond which it gets 429; 0 is no limit.'),
  requestsBurst: count(0, 'How many may come at once after a pause; 0 is as many as in one second.'),
  connectionsPerSecond: rate(0, 'New connections for each address; those beyond are closed; 0 is no limit.'),
  failedLoginsPerMinute: count(
    FAILED_LOGINS_PER_MINUTE,
    'Wrong passwords that one address may send in a minute; after that it gets 429 for a while; 0 is no limit.',
  ),
  uploadBytesPerSecondMin: count(0, 'Content that comes slower than this is answered 408; 0 is no limit.', {
    max: 1_000_000_000,
  }),
})

const fieldName = (kind: 'request' | 'response') => text(name => values.readFieldName(kind, name))

const fieldChanges = (what: 'request' | 'response') =>
  z
    .strictObject({
      set: z
        .record(fieldName(what), text(values.readFieldValue))
        .default({})
        .describe(`Fields that the ${what} has on the other side, whatever it had before.`),
      remove: z.array(fieldName(what)).default([]).describe(`Fields that are taken out of the ${what}.`),
    })
    .prefault({})
    .describe(`Changes of the ${what}, after the rules of the hop.`)

const route = z.strictObject({
  host: oneOrMore(text(values.readRouteHost))
    .optional()
    .describe("The host asked for, or a list; '*.example' is every name below example. Without it: every host."),
  path: text(values.readRoutePath)
    .optional()
    .describe('The path asked for, and all below it. Without it and exact: every path.'),
  exact: text(values.readRoutePath).optional().describe('This path only, in place of path.'),
  method: oneOrMore(text(values.readMethod)).optional().describe('The method, or a list. Without it: every method.'),
  upstream: text(values.readTarget).describe('Where to: the name of a group under upstreams, or a URL.'),
  stripPrefix: text(values.readRoutePath).optional().describe('Taken off the front of the path.'),
  setPrefix: text(values.readPath).optional().describe('Put in front of the path, after stripPrefix.'),
  sendHost: text(values.readSendHost)
    .default('preserve')
    .describe("The Host that is sent: preserve (the client's), upstream (the upstream's own), or any host."),
  rewriteLocation: flag(
    false,
    'Location, Content-Location and Refresh that lead to the upstream lead the client back to this route.',
  ),
  rewriteCookies: flag(false, "Path and Domain of the upstream's cookies become those that the client knows."),
  requestFields: fieldChanges('request'),
  responseFields: fieldChanges('response'),
  bufferRequestBytes: count(
    0,
    'Gather so much content before an upstream connection is taken; 0 passes it on at once.',
    {
      max: 1_073_741_824,
    },
  ),
})

const destinationList = () => z.array(text(values.readDestination))

const destinations = z.strictObject({
  allow: destinationList().default([]).describe('Destinations that are permitted although they are not public.'),
  only: destinationList().min(1).optional().describe('When given: no others are permitted.'),
  deny: destinationList().default([]).describe('Destinations that are refused, whatever else is said.'),
  connectPorts: z
    .array(z.int().min(1).max(65_535))
    .min(1)
    .default([...CONNECT_PORTS])
    .describe('Ports that CONNECT may go to, all of them.'),
  allowPorts: z
    .array(z.int().min(1).max(65_535))
    .default([])
    .describe('Ports that are closed to requests other than CONNECT by default (25, 6379, …), and are opened here.'),
})

export const listener = z.strictObject({
  address: text(values.readAddress)
    .describe("host:port, :port for every address, '[::1]:80', unix:/path, fd:3 or systemd:NAME.")
    .meta({ examples: ['127.0.0.1:8080', ':8080', 'unix:/run/hopwise.sock'] }),
  name: text(values.readListenerName).optional().describe('Its name in logs and metrics. Default: the address.'),
  mode: choice(['reverse', 'forward', 'dumb'], 'reverse', 'As which proxy. dumb is wrong on purpose, to show things.'),
  proxyProtocol: z
    .strictObject({
      from: peers('Peers that begin each connection with it; others do not, and are not believed.').min(1),
    })
    .optional()
    .describe('Read the PROXY protocol (v1, v2) that a load balancer in front sends.'),
  tls: tls.optional().describe('Speak TLS with clients.'),
  trust: peers('Peers whose Forwarded and X-Forwarded-* are believed. Default: trust of the file.').optional(),
  via: z
    .enum(['off', 'request', 'both'])
    .optional()
    .describe('Where Via is added. Default: reverse request, forward both.'),
  xForwarded: z
    .boolean()
    .optional()
    .describe('Add X-Forwarded-For, -Host and -Proto. Default: reverse true, forward false.'),
  xForwardedPort: flag(false, 'Add X-Forwarded-Port: the port that the client asked.'),
  xForwardedPrefix: flag(false, 'Mode reverse: add X-Forwarded-Prefix where a route takes its stripPrefix off.'),
  xRealIp: flag(false, 'Add X-Real-IP: the address of the client.'),
  forwarded: flag(false, 'Add Forwarded (RFC 7239).'),
  keepFields: z
    .array(text(values.readKeptField))
    .default([])
    .describe(
      'Fields to accept from untrusted peers too, although they describe the client or target: True-Client-IP.',
    ),
  upgrades: z
    .array(text(values.readProtocol))
    .default([...UPGRADES])
    .describe('Protocols that connections may be upgraded to.'),
  nominatedEndToEnd: choice(
    ['remove', 'reject'],
    'remove',
    'When Connection names an end-to-end field such as Cookie.',
  ),
  strictUpstream: flag(false, 'Refuse responses that could be repaired: bare LF, folded lines (502).'),
  interim: choice(['all', 'none'], 'all', 'Which interim responses (1xx) are passed on.'),
  halfClosed: choice(['abort', 'answer'], 'abort', 'When a client ends its side before its response is whole.'),
  announceKeepAlive: choice(['http10', 'always'], 'http10', 'Who is told the idle limit in Keep-Alive.'),
  trace: z.boolean().optional().describe('Let TRACE pass. Default: reverse false (405), forward true.'),
  noDelay: flag(true, "Send small writes at once (TCP_NODELAY), not by Nagle's rule. Toward servers of groups always."),
  tcpKeepAliveMs: milliseconds(
    TCP_KEEP_ALIVE_MS,
    'Silence before the kernel probes a peer; 0 is never (ms). Toward servers of groups it is always 30000.',
  ),
  requestId: choice(['off', 'keep', 'make'], 'off', 'X-Request-Id: kept or made when missing (keep), or always made.'),
  limits: overrides<Limits>('limits').prefault({}).describe('Other limits than those of the file.'),
  deadlines: overrides<Deadlines>('deadlines').prefault({}).describe('Other deadlines than those of the file.'),
  grammar: overrides<GrammarLimits>('grammar').prefault({}).describe('Other limits of one message.'),
  clients: clients.prefault({}).describe('Guards: who may connect, and how much.'),
  routes: z.array(route).min(1).optional().describe('Mode reverse: the first that fits a request says where it goes.'),
  destinations: destinations.prefault({}).describe('Mode forward: where clients may go.'),
  resolve: z
    .strictObject({
      nameservers,
    })
    .prefault({})
    .describe('Mode forward: how the names that clients ask for are turned into addresses.'),
  users: z
    .strictObject({ file: fileName('A file with lines user:hash, made by hopwise password.') })
    .optional()
    .describe('Mode forward: clients must say who they are (Basic).'),
  parent: text(values.readParent)
    .optional()
    .describe('Mode forward: the proxy that all requests go through, http://[user:password@]host:port.'),
  forwardHttp10KeepAlive: flag(false, 'Mode forward: keep HTTP/1.0 connections, against RFC 9112 9.3.'),
  upstream: text(values.readServer).optional().describe('Mode dumb: its one upstream. Without it: a forward proxy.'),
})
