import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Outcome } from './home.ts'

const HOSTS = '127.0.0.1 localhost bitbucket.org api.bitbucket.org\n::1 localhost\n'

/** How root and everybody else get a network and a view of the file system that are their own. */
const UNSHARE = process.getuid?.() === 0 ? ['--mount', '--net'] : ['--user', '--map-root-user', '--mount', '--net']

/** Whether this process runs where {@link runInBitbucketNetwork} runs things. */
export const IS_IN_BITBUCKET_NETWORK = process.env['IN_BITBUCKET_NETWORK'] !== undefined

/**
 * Runs a command where bitbucket.org and api.bitbucket.org are this machine, with all ports free, and nothing else can be
 * reached. Its directory for temporary files goes when it has ended.
 *
 * @param stdio `inherit` to let it print where this process does; the outcome has no words then
 * @throws where the system does not let us make networks
 */
export async function runInBitbucketNetwork(
  [...command]: readonly string[],
  stdio: 'pipe' | 'inherit' = 'pipe',
): Promise<Outcome> {
  if (spawnSync('unshare', [...UNSHARE, 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' }).status !== 0) {
    throw new Error(
      'a network of its own cannot be made: it takes Linux with unshare and ip, and root or a user who may make user namespaces',
    )
  }
  const directory = mkdtempSync(join(tmpdir(), 'bitbucket-network-'))
  try {
    const hosts = join(directory, 'hosts')
    writeFileSync(hosts, HOSTS)
    const script = `ip link set lo up && mount --bind '${hosts}' /etc/hosts && exec "$@"`
    const child = spawn('unshare', [...UNSHARE, 'sh', '-c', script, 'sh', ...command], {
      env: { ...process.env, IN_BITBUCKET_NETWORK: '1', TMPDIR: directory },
      stdio: ['ignore', stdio, stdio],
    })
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, stdout, stderr }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
