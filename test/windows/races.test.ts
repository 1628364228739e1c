import test from 'ava'
import { join } from 'node:path'
import { parseAnswer, requestFor } from '../helpers/user.ts'
import { makeLoggedInWindowsUser, type WindowsOutcome } from './windowsUser.ts'

const REFRESH = { grantType: 'refresh_token', status: 200 }

/** Each race is run so often. */
const ROUNDS = Number(process.env['ROUNDS'] ?? 2)

for (const store of ['file', 'auto'] as const) {
  for (const [processes, rounds] of [
    [8, ROUNDS],
    [16, Math.ceil(ROUNDS / 2)],
  ] as const) {
    const title = `${processes} at once with a token that has ended, ${store === 'file' ? 'in files' : 'in Credential Manager'}`
    test.serial(`${title}: one refresh, and none fails`, async (t) => {
      const { user, sandbox } = await makeLoggedInWindowsUser(t, { store })
      t.timeout(1_200_000)
      const request = requestFor(sandbox.origin)

      const fresh = await user.run(...Array.from({ length: processes }, () => user.helperCall('get', request)))
      t.log(`with a fresh token: ${describeTimes(fresh)}`)
      user.expire(sandbox.origin)
      t.log(`a refresh alone: ${describeTimes(await user.run(user.helperCall('get', request)))}`)

      for (let round = 1; round <= rounds; round++) {
        user.expire(sandbox.origin)
        sandbox.oauth.tokenRequests.length = 0

        const outcomes = await user.run(...Array.from({ length: processes }, () => user.helperCall('get', request)))

        t.log(`round ${round}: ${describeTimes(outcomes)}`)
        t.deepEqual(
          outcomes.filter(({ code }) => code !== 0),
          [],
        )
        t.is(new Set(outcomes.map(({ stdout }) => parseAnswer(stdout)['password'])).size, 1)
        t.deepEqual(sandbox.oauth.tokenRequests, [REFRESH])
        // A machine that is busy otherwise may need longer than the helper stays silent.
        for (const { stderr } of outcomes) t.regex(stderr, /^(git-credential-bitbucket-oauth: waiting for [^\n]+\n)?$/)
        const left = user.files(user.data).filter((name) => !/\.(json|user)$/.test(name))
        // What a sibling still looks at goes with the next process: an empty lock keeps nobody waiting.
        for (const name of left)
          t.deepEqual([name.endsWith('.json.lock'), user.files(join(user.data, name))], [true, []])
      }
      user.expire(sandbox.origin)
      t.like(await user.helper('get', request), { code: 0, stderr: '' })
    })
  }
}

/** For a person who compares: what a refresh adds to the same without one. Under Wine most of it is the start of Node. */
function describeTimes(outcomes: readonly WindowsOutcome[]): string {
  const times = outcomes.map(({ milliseconds }) => Math.round(milliseconds)).toSorted((one, other) => one - other)
  return `${times[0]} to ${times.at(-1)} ms, a half within ${times[Math.floor(times.length / 2)]}`
}
