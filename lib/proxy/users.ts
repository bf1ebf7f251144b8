import { createHash, createHmac, scrypt, timingSafeEqual } from 'node:crypto'
import { FairQueue } from '../link/fair-queue.js'
import type { RateLimit } from '../link/rate-limit.js'
import { Remembered } from '../link/remembered.js'

/** `$scrypt$ln=15,r=8,p=1$salt$hash`, the two in base64 without padding (PHC string format). */
export interface PasswordHash {
  readonly ln: number
  readonly r: number
  readonly p: number
  readonly salt: Buffer
  readonly hash: Buffer
}

/** How a proof ended. `busy`: nobody can tell now; `too-often`: too many wrong passwords came from there, so nobody looked. */
export type Proof = 'right' | 'wrong' | 'busy' | 'too-often'

/** What was proved is not proved again for this long since it was asked for last there: a proof takes a tenth of a second of a core. */
const REMEMBERED_MS = 300_000
const REMEMBERED_MAX = 10_000
/** Of the four threads that Node has, which resolve names as well: guessing passwords must not use them up. */
const RUNNING_MAX = 2
/** Proofs that wait for their turn, of all addresses together; more are told to come again. At some 20 in a second these are 3 s. */
const WAITING_MAX = 64

/**
 * The users of a forward proxy, whose passwords are known only as hashes.
 *
 * A proof costs a tenth of a second of a core, and whoever may connect can ask for one. So addresses take turns (`FairQueue`), an address from
 * which too many wrong passwords came gets no proof for a while, and what was proved from an address is remembered for that address:
 * it needs no proof, whatever others behind the same address do.
 */
export class Users {
  #found = new Found()
  readonly #proofs = new Map<string, Promise<Proof>>()
  readonly #strangers: Strangers

  /** @param derive another one is for tests */
  constructor(
    private readonly hashes: ReadonlyMap<string, PasswordHash>,
    private readonly derive: typeof scrypt = scrypt,
  ) {
    for (const [user, hash] of hashes) if (!isPasswordHash(hash)) throw new TypeError(wrongHash(user, hash))
    this.#strangers = new Strangers([...hashes.values()])
  }

  /**
   * Are these credentials (`user:password`, decoded) right? At once where that was found out lately, else when it is. An unknown
   * user takes as long as a known one.
   *
   * @param site whom the client's address stands for; '' for a unix socket
   * @param failed how many wrong ones a site may send; null: any number
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

  /** Goes on with what was found out before a reload: of users whose hash is the same, and of nobody else. */
  succeed(before: Users | null): void {
    if (before !== null) this.#found = before.#found
  }

  async #begin(asked: Asked): Promise<Proof> {
    const { user, known, password, digest, there, site, now, limit } = asked
    const proof = await inTurn(site, async () => {
      if (this.#rightAnywhere(digest, there, now)) return 'right'
      if (limit !== null && limit.waitMs(site, now) > 0) return 'too-often'
      const found = await this.#verify(known, known ?? this.#strangers.like(user), password)
      this.#note(found, asked) // before the next one has its turn, which goes by it
      return found
    })
    this.#proofs.delete(there)
    return proof
  }

  /** @param cost whose parameters are used */
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

  /** Proved lately, maybe for another site. */
  #rightAnywhere(digest: string, there: string, now: number): boolean {
    const until = this.#found.right.until(digest, now)
    if (until > 0) this.#found.rightThere.note(there, until)
    return until > 0
  }
}

/** What proofs have found out, by digests of credentials together with the hash that they were held against. */
class Found {
  /** Wherever that was; and with the site where it was. */
  readonly right = new Remembered(REMEMBERED_MAX)
  readonly rightThere = new Remembered(REMEMBERED_MAX)
  /** A client that is configured with a wrong password sends it again and again: it is one try, and one proof. */
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
const NOBODY: PasswordHash = { ln: 15, r: 8, p: 1, salt: Buffer.alloc(16), hash: Buffer.alloc(32) }

/**
 * Hashes for users who are unknown: each as expensive as that of some user, and of the same one each time. Otherwise the time of an
 * answer would tell unknown names from known ones where hashes differ in cost.
 */
class Strangers {
  readonly #models: readonly PasswordHash[]
  /** Known to nobody without the hashes, and the same as long as they are. */
  readonly #key: Buffer

  constructor(hashes: readonly PasswordHash[]) {
    this.#models = hashes
    const all = createHash('sha256')
    for (const { salt, hash } of hashes) all.update(salt).update(hash)
    this.#key = all.digest()
  }

  like(user: string): PasswordHash {
    const nth = createHmac('sha256', this.#key).update(user).digest().readUInt32BE(0)
    return this.#models[nth % this.#models.length] ?? NOBODY
  }
}

/** Of all users of this process, since all use the same threads. */
const turns = new FairQueue<(go: boolean) => void>({ runningMax: RUNNING_MAX, waitingMax: WAITING_MAX })

/** Runs it when it is the turn of this site; `busy` when that never comes. */
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

/** For N = 2^17 and r = 8, the most that is read from a file. */
const MEMORY_MAX = 256 * 1024 * 1024

/** One hash of a users file. @returns null for what is none, or is too dear or too cheap to be one */
export function readPasswordHash(text: string): PasswordHash | null {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22,64})\$([A-Za-z0-9+/]{43,86})$/.exec(
    text,
  )
  if (match === null) return null
  const [ln, r, p] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (ln < 14 || ln > 17 || r < 8 || r > 8 || p < 1 || p > 4) return null
  return { ln, r, p, salt: Buffer.from(match[4]!, 'base64'), hash: Buffer.from(match[5]!, 'base64') }
}

/** `{SHA}…`, `{SSHA}…`; `$apr1$…`; what crypt(3) and others write. */
const FOREIGN: readonly (readonly [begins: RegExp, kind: string])[] = [
  [/^\$scrypt\$/, 'a hash that is too cheap, too dear or not whole (ln 14 to 17, r 8, p 1 to 4)'],
  [/^\$apr1\$/, 'a hash of htpasswd (apr1)'],
  [/^\$2[abxy]?\$\d/, 'a bcrypt hash, as htpasswd -B makes it'],
  [/^\{SHA\}/i, 'a SHA-1 hash, as htpasswd -s makes it'],
  [/^\{[A-Z0-9-]+\}/, 'a hash as LDAP writes it'],
  [/^\$argon2/, 'an Argon2 hash'],
  [/^\$pbkdf2/, 'a PBKDF2 hash'],
  [/^\$(1|5|6|7|y|gy|md5|sha1)[$,]/, 'a hash of crypt(3)'],
]

/** What a text is that looks like the hash of a password and is none that we can prove anything with; '' when it does not look so. */
export function hashKind(text: string): string {
  return readPasswordHash(text) === null ? (FOREIGN.find(([begins]) => begins.test(text))?.[1] ?? '') : ''
}

function isPasswordHash(hash: unknown): boolean {
  const { salt, hash: derived } = (hash ?? {}) as Partial<PasswordHash>
  return Buffer.isBuffer(salt) && Buffer.isBuffer(derived)
}

/** Never with what was given: it may be a password. */
export function wrongHash(user: string, hash: unknown): string {
  const kind = typeof hash === 'string' ? hashKind(hash) : ''
  const is = kind === '' ? 'is no hash of a password' : `is ${kind}, which hopwise cannot use`
  return `users: what belongs to ${JSON.stringify(user)} ${is}: give what readPasswordHash makes of a line of hopwise password`
}

/** Makes the hash of a password for a users file. `salt`: 16 random octets. */
export function hashPassword(password: string, salt: Buffer): Promise<string> {
  const { ln, r, p } = NOBODY
  const base64 = (octets: Buffer): string => octets.toString('base64').replace(/=+$/, '')
  return new Promise((done, failed) => {
    scrypt(password, salt, 32, { N: 2 ** ln, r, p, maxmem: MEMORY_MAX }, (error, hash) => {
      if (error === null) done(`$scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(hash)}`)
      else failed(error)
    })
  })
}
