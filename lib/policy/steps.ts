/** Work that can be interrupted at each `yield`. */
export type Steps<T> = Generator<void, T, void>

/** Runs all steps without interruption. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}
