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

/** Octets of one lease: 64 KiB of content and a head. Measured: 16 KiB costs a third of the throughput, 256 KiB gains 5 %. */
export const LEASE_BYTES = 68 * 1024

/** Leases kept for reuse, by connections or here; more than these are left to the collector. 64 × 68 KiB = 4.25 MiB. */
const LEASES_KEPT_MAX = 64

export const SHARED: Buffer = Buffer.allocUnsafeSlow(SHARED_BYTES)

const spare: Buffer[] = []
let leased = 0

/** A buffer for one socket alone, until `returnLease` or `loseLease`. */
export function takeLease(): Buffer {
  leased++
  return spare.pop() ?? Buffer.allocUnsafeSlow(LEASE_BYTES)
}

/** Gives a lease back. No write may point into it any more. */
export function returnLease(lease: Buffer): void {
  leased--
  if (spare.length < LEASES_KEPT_MAX) spare.push(lease)
}

/** A lease is left to the collector: somebody may still read it. */
export function loseLease(): void {
  leased--
}

/** Few enough are out for a connection to keep its lease while it waits: as many would be kept here. */
export function mayKeepLease(): boolean {
  return leased <= LEASES_KEPT_MAX
}
