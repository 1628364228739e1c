/**
 * Each caller with each state of the login, one after the other, against one sandbox that is bitbucket.org. Run as a
 * program where that is this machine, it prints what came of each as a line of JSON.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Sandbox } from '../sandbox/sandbox.ts'
import { arrange, type Caller, CALLERS, layFile, PACKAGES, type State, STATES } from './callers.ts'
import { Home } from './home.ts'
import { plantLogin } from './plantLogin.ts'
import { freePort } from './ports.ts'

const BITBUCKET = 'https://bitbucket.org'

/** Where OpenSSL, GnuTLS, mbedTLS and Go look on Debian. */
const SYSTEM_CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'

export type CallerRun = {
  readonly name: string
  readonly state: State | 'revoked'
  readonly code: number | null
  /** All that it printed. */
  readonly output: string
  readonly grants: readonly string[]
  readonly opened: number
  readonly leaks: readonly string[]
}

const sandbox = await Sandbox.start(`http://localhost:${await freePort()}`, {
  tls: { host: 'bitbucket.org', port: 443 },
})
try {
  await publish()
  for (const caller of CALLERS) {
    if (caller.needs !== undefined && !existsSync(caller.needs[0])) continue
    for (const state of STATES) tell(await call(caller, state))
    if (caller.mendsRevoked === true) tell(await call(caller, 'revoked'))
  }
} finally {
  await sandbox.stop()
}

function tell(run: CallerRun): void {
  process.stdout.write(`${JSON.stringify(run)}\n`)
}

function makeHome(): Home {
  const home = new Home()
  home.configureFor(sandbox, BITBUCKET)
  home.env['IN_BITBUCKET_NETWORK'] = '1'
  home.env['NODE_EXTRA_CA_CERTS'] = join(home.path, 'ca.pem')
  return home
}

/** Trusts the sandbox for good, and puts into acme/widgets a package of each kind, into acme/kit a submodule and a large file. */
async function publish(): Promise<void> {
  const home = makeHome()
  try {
    execFileSync('mount', ['--bind', join(home.path, 'ca.pem'), SYSTEM_CERTIFICATES])
    await plantLogin(home, sandbox, { url: BITBUCKET })
    sandbox.addRepository('kit')
    const script = `git clone --quiet ${BITBUCKET}/acme/widgets.git && git clone --quiet ${BITBUCKET}/acme/kit.git &&
      cp -r packages/. widgets && git -C widgets add . && git -C widgets commit --quiet -m packages && git -C widgets push --quiet &&
      cd kit && git submodule --quiet add ../widgets.git widgets && git lfs install --skip-repo && git lfs track '*.bin' &&
      echo large > large.bin && git add . && git commit --quiet -m kit && git push --quiet`
    for (const [name, text] of Object.entries(PACKAGES)) layFile(join(home.path, 'work/packages'), name, text)
    const { code, stderr } = await home.run('sh', ['-c', script])
    if (code !== 0) throw new Error(stderr)
  } finally {
    // The system's certificates stay: to unmount them would take the file from under it.
    await home.remove()
  }
}

async function call(caller: Caller, state: State | 'revoked'): Promise<CallerRun> {
  const home = makeHome()
  try {
    const { tokenRequests, storage } = sandbox.oauth
    arrange(home, caller, state === 'revoked' ? 'cached' : state)
    if (['cached', 'expired', 'revoked'].includes(state)) await plantLogin(home, sandbox, { url: BITBUCKET })
    if (state === 'expired') home.expire(BITBUCKET)
    if (state === 'revoked') storage.forget('AccessToken')
    if (state === 'missing') home.useBrowser('follow.ts')
    tokenRequests.length = 0
    const { code, stdout, stderr } = await home.run('sh', ['-c', caller.command])
    // To look for secrets in all packages would take long.
    if (caller.isLibrary === true) rmSync(join(home.path, 'work/node_modules'))
    return {
      name: caller.name,
      state,
      code,
      output: stdout + stderr,
      grants: tokenRequests.map(({ grantType }) => grantType),
      opened: home.openedUrls().length,
      leaks: home.findLeaks(sandbox.oauth.secrets),
    }
  } finally {
    await home.remove()
  }
}
