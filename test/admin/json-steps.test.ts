import fc from 'fast-check'
import { jsonSteps } from '../../lib/admin/json-steps.js'
import { atOnce } from '../../lib/policy/steps.js'
import { checked } from '../wire/property.js'

const value = fc.letrec(tie => ({
  any: fc.oneof(
    { maxDepth: 7, depthSize: 'small' },
    fc.constantFrom<unknown>(null, true, undefined, 0, -1.5, 'a\n"b', '\u2028'),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('a', 'b', '1', 'x y'), tie('any'), { maxKeys: 4 }),
  ),
})).any

checked(
  'the text that JSON.stringify makes',
  fc.property(fc.oneof(fc.array(value), fc.dictionary(fc.string(), value)), whole => {
    for (const indent of ['', '  '])
      if (atOnce(jsonSteps(whole, indent)) !== JSON.stringify(whole, null, indent))
        throw new Error(`${atOnce(jsonSteps(whole, indent))}\n${JSON.stringify(whole, null, indent)}`)
  }),
)
