import { createHash, scrypt, timingSafeEqual } from 'node:crypto'

/** `$scrypt$ln=15,r=8,p=1$salt$hash`, the two in base64 without padding (PHC string format). */
export interface PasswordHash {
  readonly ln: number
  readonly r: number
  readonly p: number
  readonly salt: Buffer
  readonly hash: Buffer
}

/** What proves right is not proved again for this long: a proof takes a tenth of a second of a core. */
const REMEMBERED_MS = 300_000
const REMEMBERED_MAX = 10_000
/** Proofs that run or wait for their turn; more have to wait outside. */
const PROOFS_MAX = 32
/** Of the four threads that Node has, which resolve names as well: guessing passwords must not use them up. */
const RUNNING_MAX = 2

/** The users of a forward proxy, whose passwords are known only as hashes. */
export class Users {
  /** Digests of credentials that were right, and until when they count. */
  private readonly right = new Map<string, number>()
  private readonly proofs = new Map<string, Promise<boolean>>()

  constructor(private readonly hashes: ReadonlyMap<string, PasswordHash>) {}

  /**
   * Are these credentials (`user:password`, decoded) right? At once where that was proved lately, else when it is proved. An unknown
   * user takes as long as a known one. `busy`: nobody can tell now, as too many ask.
   */
  prove(credentials: string, now: number): true | 'busy' | Promise<boolean> {
    const digest = createHash('sha256').update(credentials).digest('base64')
    const until = this.right.get(digest)
    if (until !== undefined && until > now) return true
    const running = this.proofs.get(digest)
    if (running !== undefined) return running
    if (this.proofs.size >= PROOFS_MAX) return 'busy'
    const colon = credentials.indexOf(':')
    const user = credentials.slice(0, colon)
    const proof = verify(this.hashes.get(user) ?? null, credentials.slice(colon + 1)).then(ok => {
      this.proofs.delete(digest)
      if (ok) this.remember(digest, now)
      return ok
    })
    this.proofs.set(digest, proof)
    return proof
  }

  private remember(digest: string, now: number): void {
    this.right.delete(digest)
    this.right.set(digest, now + REMEMBERED_MS)
    if (this.right.size > REMEMBERED_MAX) this.right.delete(this.right.keys().next().value!)
  }
}

/** For users whom nobody knows: as dear as the hashes that `hopwise password` makes. */
const NOBODY: PasswordHash = { ln: 15, r: 8, p: 1, salt: Buffer.alloc(16), hash: Buffer.alloc(32) }

function verify(known: PasswordHash | null, password: string): Promise<boolean> {
  const { ln, r, p, salt, hash } = known ?? NOBODY
  return new Promise(done => {
    inTurn(over =>
      scrypt(password, salt, hash.length, { N: 2 ** ln, r, p, maxmem: MEMORY_MAX }, (error, derived) => {
        over()
        done(error === null && known !== null && timingSafeEqual(derived, hash))
      }),
    )
  })
}

/** Of all users of this process, since all use the same threads. */
let running = 0
const turns: (() => void)[] = []

/** Calls `run`, now or when others are over; it says when it is. */
function inTurn(run: (over: () => void) => void): void {
  if (running >= RUNNING_MAX) {
    turns.push(() => inTurn(run))
    return
  }
  running++
  run(() => {
    running--
    turns.shift()?.()
  })
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
