/**
 * The members of a comma-separated value, OWS around them trimmed (SP and HTAB, nothing else), empty ones ignored
 * (RFC 9110 5.6.1). Not for values with comments or quoted strings in them.
 */
export function membersOf(value: string): string[] {
  const members: string[] = []
  addMembers(value, members)
  return members
}

/**
 * As `membersOf`, behind those in `into`. One by one: a list that a peer chose may be longer than what a call takes as arguments.
 */
export function addMembers(value: string, into: string[]): void {
  for (let from = 0; from <= value.length; ) {
    const comma = value.indexOf(',', from)
    const to = comma < 0 ? value.length : comma
    const member = trimOws(value, from, to)
    if (member !== '') into.push(member)
    from = to + 1
  }
}

/** `value.slice(from, to)` without SP and HTAB at its ends. `trim()` would take octets with it that are no whitespace here. */
export function trimOws(value: string, from = 0, to = value.length): string {
  let first = from
  let last = to
  while (first < last && isOws(value.charCodeAt(first))) first++
  while (last > first && isOws(value.charCodeAt(last - 1))) last--
  return value.slice(first, last)
}

const isOws = (octet: number): boolean => octet === 0x20 || octet === 0x09
