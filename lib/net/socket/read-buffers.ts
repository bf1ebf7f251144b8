/**
 * The buffers that bytes are read into. There are two kinds, and confusing them corrupts data (see docs/architecture.md,
 * "Shared to read from, leased to relay from"):
 *
 * - **shared**: one for the whole process. Its contents are overwritten by the next read of *any* socket, so they may only leave
 *   as a copy.
 * - **leased**: belongs to one socket while it relays content. A slice of it may be passed to `write`, provided that the socket
 *   stops reading until the kernel has taken that slice.
 */

/** Size of the shared buffer in bytes: for heads and small bodies. Larger content arrives in leases after its first read. */
export const SHARED_BYTES = 16 * 1024

/** Size of a lease in bytes: 64 KiB of content and a head. With 16 KiB a third of the throughput is lost. */
export const LEASE_BYTES = 68 * 1024

/** Size of a long lease in bytes, for content that fills an ordinary one: a third less CPU per MiB. */
export const LONG_LEASE_BYTES = 256 * 1024

/** Long leases at once, 8 MiB: further sockets relay with ordinary ones. */
const LONG_LEASES_MAX = 32

/** Leases kept for reuse, by connections or here; the rest is left to the GC. 64 × 68 KiB + 8 × 256 KiB = 6.25 MiB. */
const LEASES_KEPT_MAX = 64
const LONG_LEASES_KEPT_MAX = 8

export const SHARED: Buffer = Buffer.allocUnsafeSlow(SHARED_BYTES)

const spare: Buffer[] = []
const spareLong: Buffer[] = []
let leased = 0
let leasedLong = 0

/** A buffer for one socket only, until `returnLease` or `loseLease`. */
export function takeLease(): Buffer {
  leased++
  return spare.pop() ?? Buffer.allocUnsafeSlow(LEASE_BYTES)
}

/** The same, but long; null if too many are in use. */
export function takeLongLease(): Buffer | null {
  if (leasedLong === LONG_LEASES_MAX) return null
  leasedLong++
  return spareLong.pop() ?? Buffer.allocUnsafeSlow(LONG_LEASE_BYTES)
}

/** Returns a lease. No pending write may point into it. */
export function returnLease(lease: Buffer): void {
  const list = lease.length === LEASE_BYTES ? spare : spareLong
  if (list.length < (list === spare ? LEASES_KEPT_MAX : LONG_LEASES_KEPT_MAX)) list.push(lease)
  loseLease(lease)
}

/** Leaves a lease to the garbage collector: a pending write may still read it. */
export function loseLease(lease: Buffer): void {
  if (lease.length === LEASE_BYTES) leased--
  else leasedLong--
}

/** Whether a waiting connection may keep this lease: few enough are in use that it would be kept here, too. */
export function mayKeep(lease: Buffer): boolean {
  return lease.length === LEASE_BYTES ? leased <= LEASES_KEPT_MAX : leasedLong <= LONG_LEASES_KEPT_MAX
}
