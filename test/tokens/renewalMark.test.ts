import test, { type ExecutionContext } from 'ava'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from '../../src/base/context.ts'
import { defaultAccount } from '../../src/tokens/account.ts'
import { writeAccessToken } from '../../src/tokens/cache.ts'
import { recordPath, writeRecord } from '../../src/tokens/recordFile.ts'
import { awaitRenewal, endRenewal } from '../../src/tokens/renewalMark.ts'
import { makeDirectory } from '../helpers/directory.ts'

const account = { protocol: 'https', host: 'bitbucket.org' }
const alice = { ...account, username: 'alice' }
const token = {
  accessToken: 'renewed',
  id: 'f00d',
  obtainedAt: 1_999_999_999,
  expiresAt: 2_000_007_200,
  grantType: 'refresh_token',
  scopes: 'repository',
  isBearer: false,
  heals: true,
  isShadowed: false,
} as const
const ended = { ...token, accessToken: 'ended', obtainedAt: 1_999_992_000, expiresAt: 1_999_999_200 }

type Run = Context & { readonly slept: () => number }

/** A process with a clock of its own. It goes on by what the process sleeps. */
function makeProcess(directory: string, during: (slept: number) => void = () => {}, env: NodeJS.ProcessEnv = {}): Run {
  let slept = 0
  return {
    now: () => 2_000_000_000 + slept / 1000,
    sleep: (milliseconds: number) => during((slept += milliseconds)),
    env,
    findRuntimeDirectory: async () => directory,
    trace: () => {},
    slept: () => slept,
  } as unknown as Run
}

/** A cache with a token that has ended, and its mark. */
function makeCache(t: ExecutionContext): { directory: string; logins: string; mark: string } {
  const [directory, logins] = [makeDirectory(t), makeDirectory(t)]
  writeAccessToken(directory, account, ended, logins)
  return { directory, logins, mark: `${recordPath(directory, account)}.renewal` }
}

/** By this process, which runs. */
function leave(mark: string, { secondsAgo = 0, pid = process.pid } = {}): void {
  writeFileSync(mark, String(pid), { mode: 0o600 })
  utimesSync(mark, 2_000_000_000 - secondsAgo, 2_000_000_000 - secondsAgo)
}

test('the first process goes on at once, and leaves a mark that nobody else can read', async (t) => {
  const { directory, mark } = makeCache(t)
  const first = makeProcess(directory)

  t.is(await awaitRenewal(account, first), undefined)

  t.is(first.slept(), 0)
  t.is(statSync(mark).mode & 0o777, 0o600)
})

test('the next one waits for the token that the first one brings', async (t) => {
  const { directory, logins, mark } = makeCache(t)
  leave(mark)
  const next = makeProcess(directory, (slept) => {
    if (slept !== 500) return
    writeAccessToken(directory, account, token, logins)
    endRenewal(directory, account)
  })

  t.is((await awaitRenewal(account, next))?.accessToken, 'renewed')

  t.is(next.slept(), 500)
  t.false(existsSync(mark))
})

test('accounts that one token answers for wait for one another', async (t) => {
  const { directory, mark } = makeCache(t)
  leave(mark)
  const next = makeProcess(directory, () => endRenewal(directory, defaultAccount(account)))
  t.is(await awaitRenewal(alice, next), undefined)

  t.is(next.slept(), 25)
})

test('an account with a login of its own does not wait for another', async (t) => {
  const { directory, logins, mark } = makeCache(t)
  leave(mark)
  writeRecord(logins, alice, {})
  writeAccessToken(directory, alice, ended, logins)
  const own = makeProcess(directory)

  t.is(await awaitRenewal(alice, own), undefined)

  t.is(own.slept(), 0)
})

test('where the first one fails, the next one goes on', async (t) => {
  const { directory, mark } = makeCache(t)
  leave(mark)
  const next = makeProcess(directory, (slept) => slept === 100 && endRenewal(directory, account))

  t.is(await awaitRenewal(account, next), undefined)

  t.is(next.slept(), 100)
})

test('where the first one takes long, the next one waits for two seconds', async (t) => {
  const { directory, mark } = makeCache(t)
  leave(mark)
  const next = makeProcess(directory)

  t.is(await awaitRenewal(account, next), undefined)

  t.is(next.slept(), 2000)
})

test('a killed one is not waited for', async (t) => {
  const { directory, mark } = makeCache(t)
  leave(mark, { pid: spawnSync('true').pid })
  const first = makeProcess(directory)

  t.is(await awaitRenewal(account, first), undefined)

  t.is(first.slept(), 0)
  t.is(readFileSync(mark, 'utf8'), String(process.pid))
})

test('one that has not written its number yet is waited for', async (t) => {
  const { directory, mark } = makeCache(t)
  leave(mark)
  truncateSync(mark)
  utimesSync(mark, 2_000_000_000, 2_000_000_000)
  const next = makeProcess(directory, () => endRenewal(directory, account))

  t.is(await awaitRenewal(account, next), undefined)

  t.is(next.slept(), 25)
})

for (const [title, secondsAgo] of [
  ['that was left long ago', 3],
  ['from a time when the clock was wrong', -3600],
] as const) {
  test(`a mark ${title} is replaced, and nobody waits for it`, async (t) => {
    const { directory, mark } = makeCache(t)
    leave(mark, { secondsAgo })
    const first = makeProcess(directory)

    t.is(await awaitRenewal(account, first), undefined)

    t.is(first.slept(), 0)
    t.true(Math.abs(Date.now() - statSync(mark).mtimeMs) < 3_600_000)
  })
}

test('where nothing is cached any more, each process goes on', async (t) => {
  const { directory } = makeCache(t)
  rmSync(directory, { recursive: true })
  const first = makeProcess(directory)

  t.is(await awaitRenewal(account, first), undefined)

  t.is(first.slept(), 0)
})

test('what is no file at the place of the mark keeps nobody waiting for longer', async (t) => {
  const { directory, mark } = makeCache(t)
  mkdirSync(join(mark, 'something'), { recursive: true })
  const first = makeProcess(directory)

  t.is(await awaitRenewal(account, first), undefined)
  endRenewal(directory, account)

  t.is(first.slept(), 0)
})

test('the whole program does not wait once more for what the native front has waited for', async (t) => {
  const { directory, mark } = makeCache(t)
  leave(mark)
  const whole = makeProcess(directory, () => {}, { GIT_CREDENTIAL_BITBUCKET_OAUTH_HANDED_OVER: '1' })

  t.is(await awaitRenewal(account, whole), undefined)

  t.is(whole.slept(), 0)
})
