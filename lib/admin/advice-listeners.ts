import type { Facts, Found, ListenerFacts, Place } from './facts.js'
import { inWords } from './facts.js'

/** How long a typical load balancer keeps idle connections (AWS: 60 s). */
const BALANCER_IDLE_MS = 60_000
const EVERY_ADDRESS = ['0.0.0.0/0', '::/0']
/** Waits that must not last forever. */
const NEEDED = ['requestHeadMs', 'clientIdleMs', 'responseHeadMs', 'connectMs'] as const

type Rule = (listener: ListenerFacts) => Found | readonly Found[] | null

/** Applies a rule to each listener; a dumb one has nothing to set. */
const forEach =
  (rule: Rule) =>
  ({ listeners }: Facts): readonly Found[] =>
    listeners.filter(({ mode }) => mode !== 'dumb').flatMap(listener => rule(listener) ?? [])

export const LISTENER_RULES = {
  'open-forward-proxy': {
    severity: 'serious',
    find: forEach(({ name, mode, loopback, users, restricted, path }) =>
      mode === 'forward' && !loopback && !users && !restricted
        ? {
            path: [...path, 'users'],
            sentence: `The forward proxy ${name} accepts requests from anyone who can reach it, and sends them out from this machine's address.`,
            change: 'name a users file, or allow only your own addresses with clients.allow',
          }
        : null,
    ),
  },
  'trust-everybody': {
    severity: 'serious',
    find: forEach(({ name, trust, path }) => {
      const all = trust.find(block => EVERY_ADDRESS.includes(block))
      return all === undefined
        ? null
        : {
            path: [...path, 'trust'],
            sentence: `${name} trusts ${all}: any client can claim any address in X-Forwarded-For and Forwarded.`,
            change: 'list only the addresses of the proxies in front of hopwise',
          }
    }),
  },
  'password-in-clear': {
    severity: 'serious',
    find: forEach(({ name, loopback, users, tls, path }) =>
      users && !tls && !loopback
        ? {
            path: [...path, 'tls'],
            sentence: `Clients of ${name} send their passwords in clear text (Basic without TLS): anyone on the network path can read them.`,
            change: 'give it a certificate, or listen on loopback behind a proxy that has one',
          }
        : null,
    ),
  },
  'client-idle-order': {
    severity: 'warning',
    find: forEach(({ name, trust, proxyProtocol, deadlines: { clientIdleMs }, path }) => {
      const behind = trust.length > 0 || proxyProtocol
      return behind && clientIdleMs > 0 && clientIdleMs <= BALANCER_IDLE_MS
        ? {
            path: [...path, 'deadlines', 'clientIdleMs'],
            sentence: `${name} is behind another proxy and closes idle connections after ${inWords(clientIdleMs)}; a load balancer that keeps them for 60 s will send a request just as hopwise closes, and answer 502.`,
            change: 'set it above the idle limit of the proxy in front (75000 for a limit of 60 s)',
          }
        : null
    }),
  },
  'no-deadline': {
    severity: 'note',
    find: ({ deadlines, listeners, groups }: Facts): readonly Found[] => {
      const without = (key: (typeof NEEDED)[number], path: Place, name: string): Found => ({
        path: [...path, 'deadlines', key],
        sentence: `${name} waits without a limit (${key} is 0): a peer that goes silent holds a connection forever.`,
        change: 'set a limit',
      })
      const own = [...listeners.filter(({ mode }) => mode !== 'dumb'), ...groups].flatMap(({ name, path, deadlines }) =>
        NEEDED.filter(key => deadlines[key] === 0).map(key => ({ key, path, name })),
      )
      // What the file sets for all is reported once, where it is set.
      const everywhere = NEEDED.filter(it => deadlines[it] === 0 && own.some(({ key }) => key === it))
      return [
        ...everywhere.map(key => without(key, [], 'hopwise')),
        ...own.flatMap(({ key, path, name }) => (everywhere.includes(key) ? [] : without(key, path, name))),
      ]
    },
  },
} as const
