/**
 * Where octets are read to. Two kinds of buffer, and the difference is a matter of life and death (see
 * docs/architecture.md, "Shared to read from, leased to relay from"):
 *
 * - **shared**: one for the whole process. What is read into it is overwritten by the next read of *any* socket, so it may
 *   only leave as a copy.
 * - **leased**: belongs to one socket for as long as it relays content. A slice of it may be given to `write`, as long as
 *   the socket stops reading until the kernel has taken that slice.
 */

/** Octets of the shared buffer: heads and small bodies. Larger content arrives in leases after its first read. */
export const SHARED_BYTES = 16 * 1024

/** Octets of a lease: 64 KiB of content and a head. With 16 KiB a third of the throughput is lost. */
export const LEASE_BYTES = 68 * 1024

/** Octets of a long lease, for content that fills the ordinary one: a third less CPU for each MiB. */
export const LONG_LEASE_BYTES = 256 * 1024

/** So many long leases at once, 8 MiB: who comes later relays with ordinary ones. */
const LONG_LEASES_MAX = 32

/** Leases kept for reuse, by connections or here; more than these are left to the collector. 64 × 68 KiB + 8 × 256 KiB = 6.25 MiB. */
const LEASES_KEPT_MAX = 64
const LONG_LEASES_KEPT_MAX = 8

export const SHARED: Buffer = Buffer.allocUnsafeSlow(SHARED_BYTES)

const spare: Buffer[] = []
const spareLong: Buffer[] = []
let leased = 0
let leasedLong = 0

/** A buffer for one socket alone, until `returnLease` or `loseLease`. */
export function takeLease(): Buffer {
  leased++
  return spare.pop() ?? Buffer.allocUnsafeSlow(LEASE_BYTES)
}

/** The same, but long; null when there are too many. */
export function takeLongLease(): Buffer | null {
  if (leasedLong === LONG_LEASES_MAX) return null
  leasedLong++
  return spareLong.pop() ?? Buffer.allocUnsafeSlow(LONG_LEASE_BYTES)
}

/** Gives a lease back. No write may point into it any more. */
export function returnLease(lease: Buffer): void {
  const list = lease.length === LEASE_BYTES ? spare : spareLong
  if (list.length < (list === spare ? LEASES_KEPT_MAX : LONG_LEASES_KEPT_MAX)) list.push(lease)
  loseLease(lease)
}

/** A lease is left to the collector: somebody may still read it. */
export function loseLease(lease: Buffer): void {
  if (lease.length === LEASE_BYTES) leased--
  else leasedLong--
}

/** Few enough are out for a connection to keep this one while it waits: as many would be kept here. */
export function mayKeep(lease: Buffer): boolean {
  return lease.length === LEASE_BYTES ? leased <= LEASES_KEPT_MAX : leasedLong <= LONG_LEASES_KEPT_MAX
}
