import test from 'ava'
import { fileURLToPath } from 'node:url'
import { runInBitbucketNetwork } from '../helpers/bitbucketNetwork.ts'
import type { CiRun } from '../helpers/ciRun.ts'

const PROGRAM = fileURLToPath(new URL('../helpers/ciRun.ts', import.meta.url))
const LOADER = fileURLToPath(new URL('../../scripts/typescript/register.js', import.meta.url))

test('each example of docs/ci.md clones as it stands, without a browser, and leaves no secret anywhere', async (t) => {
  const { code, stdout, stderr } = await runInBitbucketNetwork([process.execPath, `--import=${LOADER}`, PROGRAM])
  t.is(code, 0, stderr)
  const runs = JSON.parse(stdout) as CiRun[]

  for (const run of runs) {
    t.like(run, { code: 0, isCloned: true, openedUrls: [], leaks: [] }, JSON.stringify(run, null, 2))
    t.regex(run.stderr, /^(Cloning into 'widgets'\.\.\.\n)?$/)
    const isGiven = run.tokenRequests.length === 0
    t.is(isGiven, run.title === 'A finished access token')
    for (const request of run.tokenRequests) t.deepEqual(request, { grantType: 'client_credentials', status: 200 })
    t.is(run.isKept, !isGiven && !/oauthStore[= ]none/.test(run.script), run.script)
  }
  t.deepEqual(
    [...new Set(runs.map(({ title }) => title))],
    [
      "The consumer's own token",
      'A finished access token',
      'Bitbucket Pipelines',
      'GitHub Actions',
      'GitLab',
      'Jenkins',
      'Docker',
    ],
  )
})
