import { test } from 'tap'
import { tooFewFiles } from '../../lib/daemon/file-limit.js'

const limits = (soft: string) => () =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft}             1048576              files\n`

test('a file limit below the connections is reported, with the number needed', async t => {
  t.same(tooFewFiles(1_000, limits('1024')), { files: 1_024, wanted: 1_064 })
  t.equal(tooFewFiles(960, limits('1024')), undefined)
  t.equal(tooFewFiles(1_000, limits('unlimited')), undefined)
  t.equal(
    tooFewFiles(1, () => ''),
    undefined,
    'not known',
  )
  t.equal(
    tooFewFiles(1, () => {
      throw new Error('no /proc here')
    }),
    undefined,
  )
  t.same(tooFewFiles(Number.MAX_SAFE_INTEGER - 64) === undefined, process.platform !== 'linux')
})
