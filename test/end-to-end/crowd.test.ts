import test from 'ava'
import { existsSync, readFileSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeAccessToken } from '../../src/tokens/cache.ts'
import { clockVariables } from '../helpers/clock.ts'
import { WAITING } from '../helpers/running.ts'
import { makeLoggedInUser, parseAnswer } from '../helpers/user.ts'

const CROWD = 12

test('a crowd that finds the token ended makes one refresh, and all of it is answered', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  home.expire(sandbox.origin)
  sandbox.oauth.settings.delay = 300

  const outcomes = await Promise.all(Array.from({ length: CROWD }, async () => home.helper('get', request)))

  t.is(new Set(outcomes.map(({ stdout }) => parseAnswer(stdout)['password'])).size, 1)
  // A machine that is busy otherwise may need longer than the helper stays silent.
  for (const { code, stderr } of outcomes) t.deepEqual([code, stderr.replace(WAITING, '')], [0, ''])
  t.deepEqual(sandbox.oauth.tokenRequests, [{ grantType: 'refresh_token', status: 200 }])
  t.deepEqual(
    home.files(home.runtime).filter((name) => name.endsWith('.renewal')),
    [],
  )
})

/** A clock that stands still: what is done at this moment stays new. */
const MOMENT = '2030-01-01 00:00:00'

test('while another process renews the token, a get waits for it and loads nothing', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const mark = `${home.recordPath(home.runtime, sandbox.origin)}.renewal`
  const moment = new Date(MOMENT)
  writeFileSync(mark, String(process.pid), { mode: 0o600 })
  utimesSync(mark, moment, moment)
  const log = join(home.path, 'calls')
  const countLooks = (): number =>
    existsSync(log) ? readFileSync(log, 'utf8').split(/stat.*\.renewal"/).length - 1 : 0

  const clock = clockVariables(MOMENT).flatMap((variable) => ['-E', variable])
  const program = join(home.path, 'bin/git-credential-bitbucket-oauth')
  const calls = ['-f', '-qq', '-e', 'trace=/stat,open,openat,execve', '-e', 'signal=none', '-o', log]
  const state = { hasEnded: false }
  const waiting = home
    .run('strace', [...calls, ...clock, program, 'get'], { input: request })
    .finally(() => (state.hasEnded = true))
  while (countLooks() < 5 && !state.hasEnded) await sleep(10)
  t.false(state.hasEnded)
  const obtainedAt = moment.getTime() / 1000
  const token = { accessToken: 'brought', id: 'f00d', obtainedAt, expiresAt: obtainedAt + 7200, scopes: undefined }
  const form = { grantType: 'refresh_token', isBearer: false, heals: true, isShadowed: false } as const
  const { protocol, host } = new URL(sandbox.origin)
  writeAccessToken(home.runtime, { protocol: protocol.slice(0, -1), host }, { ...token, ...form }, home.data)
  unlinkSync(mark)

  const { code, stdout, stderr } = await waiting
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  t.is(parseAnswer(stdout)['password'], 'brought')
  t.notRegex(readFileSync(log, 'utf8'), /obtain\.cjs/)
  t.deepEqual(sandbox.oauth.tokenRequests, [])
})
