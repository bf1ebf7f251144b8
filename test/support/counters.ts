/** The counters of /metrics by name and labels. */
async function counters(admin: string): Promise<Map<string, number>> {
  const text = await (await fetch(`${admin}/metrics`)).text()
  const rows = text.matchAll(/^(\w+(?:_total|_count|_sum|_bucket)(?:\{.*\})?) (\S+)$/gm)
  return new Map([...rows].map(([, name = '', value]) => [name, Number(value)]))
}

/** Polls the counters; resolves with those that went back, and the last values. */
export function watchCounters(admin: string): { stop(): Promise<{ wentBack: string[]; last: Map<string, number> }> } {
  const wentBack: string[] = []
  let last = new Map<string, number>()
  let going = true
  const look = async () => {
    const next = await counters(admin)
    for (const [name, value] of last)
      if (!((next.get(name) ?? -1) >= value)) wentBack.push(`${name} ${value} → ${next.get(name)}`)
    last = next
  }
  const looking = (async () => {
    while (going) {
      await look()
      await new Promise(done => setTimeout(done, 50))
    }
    await look()
  })()
  return {
    async stop() {
      going = false
      await looking
      return { wentBack, last }
    },
  }
}
