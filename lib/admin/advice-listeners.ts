import type { Facts, Found, ListenerFacts, Place } from './facts.js'
import { inWords } from './facts.js'

/** What the usual load balancer keeps idle connections for (AWS: 60 s). */
const BALANCER_IDLE_MS = 60_000
const EVERYBODY = ['0.0.0.0/0', '::/0']
/** Waits that nobody would want to last for ever. */
const NEEDED = ['requestHeadMs', 'clientIdleMs', 'responseHeadMs', 'connectMs'] as const

type Rule = (listener: ListenerFacts) => Found | readonly Found[] | null

/** For each listener by itself; the dumb one has nothing that could be set. */
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
            sentence: `The forward proxy ${name} takes requests from everybody who can reach it, and goes out with this machine's address for them.`,
            change: 'name a file of users, or allow only your own addresses with clients.allow',
          }
        : null,
    ),
  },
  'trust-everybody': {
    severity: 'serious',
    find: forEach(({ name, trust, path }) => {
      const all = trust.find(block => EVERYBODY.includes(block))
      return all === undefined
        ? null
        : {
            path: [...path, 'trust'],
            sentence: `${name} trusts ${all}: everybody can say from which address a request comes, in X-Forwarded-For and Forwarded.`,
            change: 'name the addresses of the proxies in front of hopwise only',
          }
    }),
  },
  'password-in-clear': {
    severity: 'serious',
    find: forEach(({ name, loopback, users, tls, path }) =>
      users && !tls && !loopback
        ? {
            path: [...path, 'tls'],
            sentence: `Clients of ${name} send their passwords as they are (Basic), and anybody on the way can read them.`,
            change: 'give it a certificate, or listen on loopback behind something that has one',
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
            sentence: `${name} stands behind another proxy and closes idle connections after ${inWords(clientIdleMs)}; a balancer that keeps them for 60 s will send a request just as we close, and answer 502.`,
            change: 'set it above the idle limit of what stands in front (75000 for one of 60 s)',
          }
        : null
    }),
  },
  'no-deadline': {
    severity: 'note',
    find: ({ deadlines, listeners, groups }: Facts): readonly Found[] => {
      const without = (key: (typeof NEEDED)[number], path: Place, who: string): Found => ({
        path: [...path, 'deadlines', key],
        sentence: `${who} waits without a limit (${key} is 0): whoever goes silent there holds a connection for ever.`,
        change: 'set a limit',
      })
      const own = [...listeners.filter(({ mode }) => mode !== 'dumb'), ...groups].flatMap(({ name, path, deadlines }) =>
        NEEDED.filter(key => deadlines[key] === 0).map(key => ({ key, path, name })),
      )
      // What the file says for all is said once, and there.
      const everywhere = NEEDED.filter(it => deadlines[it] === 0 && own.some(({ key }) => key === it))
      return [
        ...everywhere.map(key => without(key, [], 'hopwise')),
        ...own.flatMap(({ key, path, name }) => (everywhere.includes(key) ? [] : without(key, path, name))),
      ]
    },
  },
} as const
