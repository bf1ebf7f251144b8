/**
 * The members of a comma-separated value without the OWS around them (SP and HTAB, nothing else); empty members are ignored
 * (RFC 9110 5.6.1). Not for values that may contain comments or quoted strings.
 */
export function membersOf(value: string): string[] {
  const members: string[] = []
  addMembers(value, members)
  return members
}

/**
 * Like `membersOf`, appended to `into`. One by one: a list from a peer may be longer than the number of arguments a call can
 * take.
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

/**
 * `value.slice(from, to)` without SP and HTAB at its ends. `trim()` would also remove characters that are not whitespace in HTTP.
 */
export function trimOws(value: string, from = 0, to = value.length): string {
  let first = from
  let last = to
  while (first < last && isOws(value.charCodeAt(first))) first++
  while (last > first && isOws(value.charCodeAt(last - 1))) last--
  return value.slice(first, last)
}

const isOws = (octet: number): boolean => octet === 0x20 || octet === 0x09
