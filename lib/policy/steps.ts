/** Work that may be laid aside for a while at each `yield`. */
export type Steps<T> = Generator<void, T, void>

/** All of it now. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}
