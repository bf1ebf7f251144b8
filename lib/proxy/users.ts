import { createHash, createHmac, scrypt, timingSafeEqual } from 'node:crypto'
import { FairQueue } from '../link/fair-queue.js'
import type { RateLimit } from '../link/rate-limit.js'
import { Remembered } from '../link/remembered.js'
import { OptionError } from '../policy/option-error.js'

/** `$scrypt$ln=15,r=8,p=1$salt$hash`, the two in base64 without padding (PHC string format). */
export interface PasswordHash {
  readonly ln: number
  readonly r: number
  readonly p: number
  readonly salt: Buffer
  readonly hash: Buffer
}

/** The result of a password check. `busy`: cannot be checked now; `too-often`: not checked, too many wrong ones from that site. */
export type Proof = 'right' | 'wrong' | 'busy' | 'too-often'

/** How long results are remembered, right ones since their last use at a site: a check takes a tenth of a second of a core. */
const REMEMBERED_MS = 300_000
const REMEMBERED_MAX = 10_000
/** Checks that run at once, on the four threads of Node, which also resolve names: password guesses must not occupy all of them. */
const RUNNING_MAX = 2
/** Checks that wait for their turn, of all addresses together; further ones get `busy`. At some 20 per second these take 3 s. */
const WAITING_MAX = 64

/**
 * The users of a forward proxy, whose passwords are known only as hashes.
 *
 * A check costs a tenth of a second of a core, and any client that can connect can cause one. So addresses take turns
 * (`FairQueue`), an address that sent too many wrong passwords gets no checks for a while, and a right password is remembered for
 * its address: it needs no further check, whatever other clients behind the same address do.
 */
export class Users {
  #found = new Found()
  readonly #proofs = new Map<string, Promise<Proof>>()
  readonly #strangers: Strangers

  /** @param derive replaced in tests only */
  constructor(
    private readonly hashes: ReadonlyMap<string, PasswordHash>,
    private readonly derive: typeof scrypt = scrypt,
  ) {
    for (const [user, hash] of hashes) if (!isPasswordHash(hash)) throw new OptionError(wrongHash(user, hash))
    this.#strangers = new Strangers([...hashes.values()])
  }

  /**
   * Checks credentials (`user:password`, decoded). Returns the result at once if it is known from a recent check, otherwise a
   * promise. An unknown user takes as long as a known one.
   *
   * @param site the site of the client's address; '' for a unix socket
   * @param failed how many wrong ones a site may send; null: no limit
   */
  prove(credentials: string, site: string, now: number, failed: RateLimit | null): Proof | Promise<Proof> {
    const colon = credentials.indexOf(':')
    const user = credentials.slice(0, colon)
    const known = this.hashes.get(user) ?? null
    const digest = digestOf(credentials, known)
    const there = `${digest} ${site}`
    const until = this.#found.rightThere.until(there, now)
    if (until > 0) {
      if (until - now < REMEMBERED_MS / 2) this.#found.rightThere.note(there, now + REMEMBERED_MS)
      return 'right'
    }
    if (this.#found.wrongThere.until(there, now) > 0) return 'wrong'
    const limit = site === '' ? null : failed
    if (limit !== null && limit.waitMs(site, now) > 0) return 'too-often'
    if (this.#rightAnywhere(digest, there, now)) return 'right'
    const running = this.#proofs.get(there)
    if (running !== undefined) return running
    const proof = this.#begin({ user, known, password: credentials.slice(colon + 1), digest, there, site, now, limit })
    this.#proofs.set(there, proof)
    return proof
  }

  /** Takes over the results from before a reload; they apply only to users whose hash is unchanged. */
  succeed(before: Users | null): void {
    if (before !== null) this.#found = before.#found
  }

  async #begin(asked: Asked): Promise<Proof> {
    const { user, known, password, digest, there, site, now, limit } = asked
    const proof = await inTurn(site, async () => {
      if (this.#rightAnywhere(digest, there, now)) return 'right'
      if (limit !== null && limit.waitMs(site, now) > 0) return 'too-often'
      const found = await this.#verify(known, known ?? this.#strangers.like(user), password)
      this.#note(found, asked) // before the next check has its turn, which depends on it
      return found
    })
    this.#proofs.delete(there)
    return proof
  }

  /** @param cost the hash whose parameters are used */
  #verify(known: PasswordHash | null, cost: PasswordHash, password: string): Promise<'right' | 'wrong'> {
    const { ln, r, p, salt, hash } = cost
    return new Promise(done => {
      this.derive(password, salt, hash.length, { N: 2 ** ln, r, p, maxmem: MEMORY_MAX }, (error, derived) => {
        done(error === null && known !== null && timingSafeEqual(derived, hash) ? 'right' : 'wrong')
      })
    })
  }

  #note(proof: 'right' | 'wrong', { digest, there, site, now, limit }: Asked): void {
    if (proof === 'right') {
      this.#found.right.note(digest, now + REMEMBERED_MS)
      this.#found.rightThere.note(there, now + REMEMBERED_MS)
    } else {
      this.#found.wrongThere.note(there, now + REMEMBERED_MS)
      limit?.take(site, now)
    }
  }

  /** Found right recently, perhaps at another site. */
  #rightAnywhere(digest: string, there: string, now: number): boolean {
    const until = this.#found.right.until(digest, now)
    if (until > 0) this.#found.rightThere.note(there, until)
    return until > 0
  }
}

/** The results of checks, by digests of the credentials together with the hash that they were checked against. */
class Found {
  /** At any site; and together with the site. */
  readonly right = new Remembered(REMEMBERED_MAX)
  readonly rightThere = new Remembered(REMEMBERED_MAX)
  /** A client that is configured with a wrong password sends it again and again: that is one try, and one check. */
  readonly wrongThere = new Remembered(REMEMBERED_MAX)
}

interface Asked {
  readonly user: string
  readonly known: PasswordHash | null
  readonly password: string
  readonly digest: string
  readonly there: string
  readonly site: string
  readonly now: number
  readonly limit: RateLimit | null
}

function digestOf(credentials: string, known: PasswordHash | null): string {
  const digest = createHash('sha256')
  if (known !== null) digest.update(`${known.ln} ${known.r} ${known.p} `).update(known.salt).update(known.hash)
  return digest.update(':').update(credentials).digest('base64')
}

/** As expensive as the hashes that `hopwise password` makes. */
const DEFAULT_COST: PasswordHash = { ln: 15, r: 8, p: 1, salt: Buffer.alloc(16), hash: Buffer.alloc(32) }

/**
 * Hashes for unknown users: each as expensive as that of some known user, and always of the same one. Otherwise, if hashes differ
 * in cost, the response time would reveal which names are known.
 */
class Strangers {
  readonly #models: readonly PasswordHash[]
  /** Cannot be known without the hashes, and stays the same as long as they do. */
  readonly #key: Buffer

  constructor(hashes: readonly PasswordHash[]) {
    this.#models = hashes
    const all = createHash('sha256')
    for (const { salt, hash } of hashes) all.update(salt).update(hash)
    this.#key = all.digest()
  }

  like(user: string): PasswordHash {
    const nth = createHmac('sha256', this.#key).update(user).digest().readUInt32BE(0)
    return this.#models[nth % this.#models.length] ?? DEFAULT_COST
  }
}

/** For all users of this process, since all checks use the same threads. */
const turns = new FairQueue<(go: boolean) => void>({ runningMax: RUNNING_MAX, waitingMax: WAITING_MAX })

/** Calls `run` when it is the turn of this site; `busy` if that never comes. */
async function inTurn(site: string, run: () => Promise<Proof>): Promise<Proof> {
  const mayRun = await new Promise<boolean>(turn => {
    const { state, displaced } = turns.join(site, turn)
    if (state !== 'wait') turn(state === 'run')
    displaced?.(false)
  })
  if (!mayRun) return 'busy'
  try {
    return await run()
  } finally {
    turns.next()?.(true)
  }
}

/** Enough for N = 2^17 and r = 8, the most expensive hash that is accepted from a file. */
const MEMORY_MAX = 256 * 1024 * 1024

/** Reads one hash of a users file. @returns null if it is not a hash, or is too expensive or too cheap */
export function readPasswordHash(text: string): PasswordHash | null {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22,64})\$([A-Za-z0-9+/]{43,86})$/.exec(
    text,
  )
  if (match === null) return null
  const [ln, r, p] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (ln < 14 || ln > 17 || r < 8 || r > 8 || p < 1 || p > 4) return null
  return { ln, r, p, salt: Buffer.from(match[4]!, 'base64'), hash: Buffer.from(match[5]!, 'base64') }
}

/** Formats of other programs: `{SHA}…`, `{SSHA}…`; `$apr1$…`; those of crypt(3) and others. */
const FOREIGN: readonly (readonly [begins: RegExp, kind: string])[] = [
  [/^\$scrypt\$/, 'a hash that is too cheap, too expensive or incomplete (ln 14 to 17, r 8, p 1 to 4)'],
  [/^\$apr1\$/, 'a hash of htpasswd (apr1)'],
  [/^\$2[abxy]?\$\d/, 'a bcrypt hash (htpasswd -B)'],
  [/^\{SHA\}/i, 'a SHA-1 hash (htpasswd -s)'],
  [/^\{[A-Z0-9-]+\}/, 'an LDAP hash'],
  [/^\$argon2/, 'an Argon2 hash'],
  [/^\$pbkdf2/, 'a PBKDF2 hash'],
  [/^\$(1|5|6|7|y|gy|md5|sha1)[$,]/, 'a hash of crypt(3)'],
]

/** The kind of a text that looks like a password hash, but not one that hopwise can use; '' if it does not look like one. */
export function hashKind(text: string): string {
  return readPasswordHash(text) === null ? (FOREIGN.find(([begins]) => begins.test(text))?.[1] ?? '') : ''
}

function isPasswordHash(hash: unknown): boolean {
  const { salt, hash: derived } = (hash ?? {}) as Partial<PasswordHash>
  return Buffer.isBuffer(salt) && Buffer.isBuffer(derived)
}

/** Never quotes the value, which may be a password. */
export function wrongHash(user: string, hash: unknown): string {
  const kind = typeof hash === 'string' ? hashKind(hash) : ''
  const is = kind === '' ? 'is not a password hash' : `is ${kind}, which hopwise cannot use`
  return `users: the value of ${JSON.stringify(user)} ${is}: use what readPasswordHash returns for a hash from hopwise password`
}

/** Makes the hash of a password for a users file. `salt`: 16 random bytes. */
export function hashPassword(password: string, salt: Buffer): Promise<string> {
  const { ln, r, p } = DEFAULT_COST
  const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')
  return new Promise((done, failed) => {
    scrypt(password, salt, 32, { N: 2 ** ln, r, p, maxmem: MEMORY_MAX }, (error, hash) => {
      if (error === null) done(`$scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(hash)}`)
      else failed(error)
    })
  })
}
