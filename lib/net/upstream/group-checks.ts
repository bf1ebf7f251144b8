import type { GroupSpec } from './group-spec.js'
import type { GroupSurroundings } from './group-surroundings.js'
import { HealthCheck, type HealthCheckSettings } from './health-check.js'
import type { OriginPool } from './origin-pool.js'
import type { WantedMember } from './wanted-members.js'

/** The health checks of one group: one for each member, if the group has health checks. */
export class GroupChecks {
  private readonly checks = new Map<string, HealthCheck>()
  /** The settings that the checks were made with, as text: unchanged checks keep their schedule. */
  private madeAs = 'null'

  /** @param checked a member has passed a check (`ok`) or failed it; `detail`: one sentence, for the log */
  constructor(
    private readonly around: GroupSurroundings,
    private readonly checked: (member: OriginPool, ok: boolean, detail: string) => void,
  ) {}

  /** Checks these members, and no others. */
  check(spec: GroupSpec, wanted: ReadonlyMap<string, WantedMember>, pools: ReadonlyMap<string, OriginPool>): void {
    const { healthCheck } = spec
    const settings = JSON.stringify(healthCheck)
    for (const [key, check] of this.checks) {
      if (wanted.has(key) && settings === this.madeAs) continue
      check.stop()
      this.checks.delete(key)
    }
    this.madeAs = settings
    if (healthCheck === null) return
    for (const [key, member] of wanted) {
      if (this.checks.has(key)) continue
      const check = this.make(healthCheck, spec, member, pools.get(key)!)
      this.checks.set(key, check)
      check.start()
    }
  }

  stop(): void {
    for (const check of this.checks.values()) check.stop()
    this.checks.clear()
  }

  private make(
    settings: HealthCheckSettings,
    { dial, proxyProtocol }: GroupSpec,
    { origin, at }: WantedMember,
    pool: OriginPool,
  ): HealthCheck {
    const { around } = this
    return new HealthCheck({
      ...settings,
      origin,
      addresses: at === null ? null : [at],
      locate: (host, port, done) => pool.shared.handler.locate(host, port, done, ''),
      dial,
      proxyProtocol,
      clock: around.clock,
      random: () => around.random(),
      onFault: fault => around.fault(fault),
      onResult: (ok, detail) => this.checked(pool, ok, detail),
    })
  }
}
