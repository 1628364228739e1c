import type { Adapter, AdapterPayload } from 'oidc-provider'

/** What the authorization server remembers: in memory, one for each sandbox, open to the tests. */
export class Storage {
  readonly #records = new Map<string, AdapterPayload>()
  /** Refresh tokens that were rotated away. */
  readonly rotatedAway = new Set<string>()
  /** For so long the server takes a refresh token that was rotated away, as if it had not answered. Seconds. */
  grace = 0

  /** The records of a kind that are good now. */
  list(kind: 'AccessToken' | 'RefreshToken'): string[] {
    return [...this.#records.keys()].filter((key) => key.startsWith(`${kind} `))
  }

  /** Deletes records of a kind, as if an administrator had revoked them, or they had ended. */
  forget(kind: 'AccessToken' | 'RefreshToken', which: readonly string[] = this.list(kind)): void {
    for (const key of which) this.#records.delete(key)
  }

  /** The library asks for one adapter for each kind of record. */
  readonly adapterFor = (kind: string): Adapter => {
    const records = this.#records
    const { rotatedAway } = this
    const findBy = (name: 'uid' | 'userCode', value: string): AdapterPayload | undefined =>
      [...records].find(([key, payload]) => key.startsWith(`${kind} `) && payload[name] === value)?.[1]
    return {
      upsert: async (id, payload) => void records.set(`${kind} ${id}`, payload),
      find: async (id) => this.#forgive(records.get(`${kind} ${id}`)),
      findByUid: async (uid) => findBy('uid', uid),
      findByUserCode: async (userCode) => findBy('userCode', userCode),
      destroy: async (id) => void records.delete(`${kind} ${id}`),
      revokeByGrantId: async (grantId) => {
        for (const [key, payload] of records) if (payload.grantId === grantId) records.delete(key)
      },
      consume: async (id) => {
        const payload = records.get(`${kind} ${id}`)
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000)
        if (kind === 'RefreshToken') rotatedAway.add(id)
      },
    }
  }

  #forgive(payload: AdapterPayload | undefined): AdapterPayload | undefined {
    const isForgiven = Number(payload?.consumed) + this.grace > Date.now() / 1000
    return payload !== undefined && isForgiven ? { ...payload, consumed: undefined } : payload
  }
}
