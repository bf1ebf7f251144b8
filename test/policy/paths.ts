import fc from 'fast-check'

/** Targets in origin-form, made of the bytes that matter for how a path is read. */
export const TARGET = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('/', '/', 'a', 'api', '.', '..', ';', '?', '\\', '//') },
      {
        weight: 2,
        arbitrary: fc.constantFrom('%2e', '%2E', '%2f', '%5C', '%61', '%41', '%7e', '%3b', '%25', '%', '%zz', '%C3%A9'),
      },
      { weight: 1, arbitrary: fc.stringMatching(/^[!"$-~]{1,3}$/) },
    ),
    { maxLength: 8 },
  )
  .map(parts => `/${parts.join('')}`)
