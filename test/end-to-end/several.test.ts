import type { ExecutionContext } from 'ava'
import { type Git, testEachGit } from '../helpers/gits.ts'
import type { Home, Outcome } from '../helpers/home.ts'
import { makeLoggedInUser } from '../helpers/user.ts'
import { PARTS } from '../sandbox/repositories.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

const REFRESH = { grantType: 'refresh_token', status: 200 }
const REMOTES = 6

type User = { readonly home: Home; readonly sandbox: Sandbox }

/** A user with a clone of a repository with submodules, which are still to be fetched, and with several remotes. */
async function makeUserWithUmbrella(t: ExecutionContext, git: Git): Promise<User> {
  const { home, sandbox } = await makeLoggedInUser(t, { git })
  sandbox.addUmbrella()
  t.is((await home.git('clone', '--quiet', sandbox.repository('umbrella'))).code, 0)
  for (let number = 1; number <= REMOTES; number++) {
    const url = sandbox.repository(`part-0${number}`)
    t.is((await home.git('-C', 'umbrella', 'remote', 'add', `remote-${number}`, url)).code, 0)
  }
  return { home, sandbox }
}

for (const [title, args] of [
  ['submodule update --jobs 8', ['submodule', 'update', '--init', '--jobs', '8', '--quiet']],
  ['fetch --multiple --jobs 4', ['fetch', '--all', '--multiple', '--jobs', '4', '--quiet']],
] as const) {
  const run = ({ home }: User): Promise<Outcome> => home.git('-C', 'umbrella', ...args)

  testEachGit(`${title} from an expired token: one refresh`, async (t, git) => {
    const user = await makeUserWithUmbrella(t, git)
    const { home, sandbox } = user
    home.expire(sandbox.origin)

    const { code, stderr } = await run(user)

    t.is(code, 0, stderr)
    t.deepEqual(sandbox.oauth.tokenRequests, [REFRESH])
    t.deepEqual(home.openedUrls(), [])
  })

  testEachGit(
    `${title} from a revoked token: one refresh, and all of them succeed where git can ask twice`,
    async (t, git) => {
      const user = await makeUserWithUmbrella(t, git)
      const { home, sandbox } = user
      home.expire(sandbox.origin, 3600)
      sandbox.oauth.storage.forget('AccessToken')

      const first = await run(user)
      const second = await run(user)

      if (git.hasCapabilities) t.is(first.code, 0, first.stderr)
      t.is(second.code, 0, second.stderr)
      t.deepEqual(sandbox.oauth.tokenRequests, [REFRESH])
      t.deepEqual(home.openedUrls(), [])
    },
  )
}

testEachGit(`${PARTS} submodules at once from no token: one browser`, async (t, git) => {
  const user = await makeUserWithUmbrella(t, git)
  const { home, sandbox } = user
  const { protocol, host } = new URL(sandbox.origin)
  const input = `protocol=${protocol.slice(0, -1)}\nhost=${host}\n`
  t.is((await home.run('git', ['credential', 'reject'], { input })).code, 0)
  t.deepEqual([home.files(home.runtime), home.files(home.data)], [[], []])
  home.useBrowser('follow.ts')

  const { code, stderr } = await home.git('-C', 'umbrella', 'submodule', 'update', '--init', '--jobs', '8', '--quiet')

  t.is(code, 0, stderr)
  t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'authorization_code', status: 200 }])
  t.is(home.openedUrls().length, 1)
  const { stdout } = await home.git('-C', 'umbrella', 'submodule', 'status')
  t.is(stdout.split('\n').filter((line) => line.startsWith(' ')).length, PARTS)
})
