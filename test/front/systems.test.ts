import test from 'ava'
import { copyFileSync, cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { makeLoggedInUser } from '../helpers/user.ts'

const X64 = process.env['FRONT_X64'] ?? ''
const ARM64 = process.env['FRONT_ARM64'] ?? ''

test('the front that is released needs nothing of the system but the kernel', async (t) => {
  const { home, request } = await makeLoggedInUser(t)
  const root = join(home.path, 'root')
  mkdirSync(root)
  copyFileSync(X64, join(root, 'front'))
  cpSync(home.env['XDG_RUNTIME_DIR'] ?? '', join(root, 'runtime'), { recursive: true })
  const whole = await home.helper('get', request)

  home.env['XDG_RUNTIME_DIR'] = '/runtime'
  const inside = ['--user', '--map-root-user', `--root=${root}`, '/front', 'get']
  const { code, stdout, stderr } = await home.run('unshare', inside, { input: request, cwd: root })

  t.is(code, 0, stderr)
  t.is(stdout, whole.stdout)
  // The search for secrets looks for none there.
  rmSync(root, { recursive: true })
})

test('on arm64, it answers from the cache and hands over', async (t) => {
  const { home, sandbox, request } = await makeLoggedInUser(t)
  const whole = await home.helper('get', request)

  const cached = await home.run('qemu-aarch64-static', [ARM64, 'get'], { input: request })
  home.expire(sandbox.origin)
  const refreshed = await home.run('qemu-aarch64-static', [ARM64, 'get'], { input: request })

  t.deepEqual([cached.code, cached.stdout], [0, whole.stdout])
  t.is(refreshed.code, 0, refreshed.stderr)
  t.regex(refreshed.stdout, /^password=/m)
  t.not(refreshed.stdout, cached.stdout)
})
