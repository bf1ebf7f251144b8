import { type Test, test } from 'tap'
import type { Parts } from '../../lib/net/socket/handle.js'
import { LEASE_BYTES, returnLease, takeLease } from '../../lib/net/socket/read-buffers.js'
import { INLINE_BYTES_MAX, WriteQueue } from '../../lib/net/socket/write-queue.js'

const LARGE = INLINE_BYTES_MAX + 1

/** A writer whose data the kernel takes at once, or not. */
class Writer {
  readonly borrowed: Buffer[] = []
  constructor(readonly pressured: boolean) {}
  borrow(lease: Buffer): void {
    this.borrowed.push(lease)
  }
}

/** The buffer that is taken next: the one returned last. */
function nextLease(t: Test): Buffer {
  const lease = takeLease()
  t.teardown(() => returnLease(lease))
  return lease
}

function partsOf(data: string | Parts): Parts {
  if (typeof data === 'string') throw new Error('text alone')
  return data
}

test('text and small content are joined', async t => {
  const queue = new WriteQueue()
  t.ok(queue.isEmpty)
  queue.addText('head\xe9 ')
  queue.addSmall(Buffer.from('..\xffcontent..', 'latin1'), 2, 10)
  t.notOk(queue.isEmpty)
  t.match(queue, { bytesOut: 0, to: 14 })
  t.equal(queue.take(), 'head\xe9 \xffcontent')
  t.match(queue, { bytesOut: 14, to: 14, isEmpty: true })
})

test('large content keeps its place between the texts', async t => {
  const queue = new WriteQueue()
  const content = Buffer.alloc(LARGE + 10, 'x')
  queue.addLarge(content, 5, 5 + LARGE, true)
  queue.addText('between')
  queue.addLarge(content, 0, LARGE, true)
  queue.addText('behind')
  t.equal(queue.bytesOut, 2 * LARGE + 'between'.length, 'text before content cannot be taken back')
  const [first, between, second, behind] = partsOf(queue.take())
  t.match([between, behind], ['between', 'behind'])
  t.equal((first as Buffer).buffer, content.buffer, 'written in place')
  t.equal((first as Buffer).byteOffset, content.byteOffset + 5)
  t.equal((second as Buffer).length, LARGE)
  t.equal(queue.bytesOut, 2 * LARGE + 'between'.length + 'behind'.length)
  t.ok(queue.isEmpty)
})

test('text can be taken back to a position, but not what was handed on, nor text before content', async t => {
  const queue = new WriteQueue()
  queue.addText('kept ')
  const mark = queue.to
  queue.addText('taken back')
  t.equal(queue.takeBack(mark), true)
  t.equal(queue.take(), 'kept ')
  queue.addText('head')
  queue.addLarge(Buffer.alloc(LARGE), 0, LARGE, true)
  t.equal(queue.takeBack(mark), false)
  t.equal(partsOf(queue.take()).length, 2, 'nothing of it is lost')
})

test('what was not handed on is not counted', async t => {
  const queue = new WriteQueue()
  queue.addText('text')
  queue.notSent(queue.take())
  t.equal(queue.bytesOut, 0)
  queue.addText('text')
  queue.addLarge(Buffer.alloc(LARGE), 0, LARGE, true)
  queue.notSent(queue.take())
  t.equal(queue.bytesOut, 0)
})

for (const pressured of [false, true]) {
  const where = pressured ? 'is lent to the writer while that has a pending write' : 'is returned at once'
  test(`a copy stays unchanged when its source changes; its buffer ${where}`, async t => {
    const queue = new WriteQueue()
    const source = Buffer.alloc(LARGE, 'a')
    queue.addLarge(source, 0, LARGE, false)
    source.fill('b')
    const [copy] = partsOf(queue.take()) as [Buffer]
    t.equal(copy.toString(), 'a'.repeat(LARGE))
    const writer = new Writer(pressured)
    queue.returnCopies(writer)
    queue.returnCopies(writer)
    t.equal(writer.borrowed.length, pressured ? 1 : 0, 'once')
    for (const lease of writer.borrowed) returnLease(lease)
    t.equal(nextLease(t).buffer, copy.buffer)
  })
}

test('content that is longer than a pooled buffer is copied into its own buffer', async t => {
  const queue = new WriteQueue()
  const source = Buffer.alloc(LEASE_BYTES + 1, 'a')
  queue.addLarge(source, 0, source.length, false)
  source.fill('b')
  t.equal((partsOf(queue.take())[0] as Buffer).toString(), 'a'.repeat(LEASE_BYTES + 1))
  const writer = new Writer(true)
  queue.returnCopies(writer)
  t.same(writer.borrowed, [])
})

test('discarded data is not written, and its copies are returned', async t => {
  const queue = new WriteQueue()
  const spare = takeLease()
  returnLease(spare)
  queue.addText('before')
  queue.addLarge(Buffer.alloc(LARGE), 0, LARGE, false)
  queue.addText('behind')
  t.not(nextLease(t), spare, 'it is in use')
  queue.forget()
  t.ok(queue.isEmpty)
  t.equal(nextLease(t), spare)
})
