import test from 'ava'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { quote } from '../helpers/home.ts'
import { plantLogin } from '../helpers/plantLogin.ts'
import { relayInto } from '../helpers/relay.ts'
import { makeUser } from '../helpers/user.ts'

const SILENT = fileURLToPath(new URL('../helpers/silent.cjs', import.meta.url))

test('a host whose first address does not answer is reached at its second one', async (t) => {
  const { home, sandbox } = await makeUser(t, { tls: true })
  await plantLogin(home, sandbox)
  const hosts = join(home.path, 'hosts')
  writeFileSync(hosts, '192.0.2.1 localhost\n127.0.0.1 localhost\n')
  const ready = quote(join(home.path, 'silent'))
  const { port } = new URL(sandbox.origin)
  const script = `set -e
${await relayInto(t, home, sandbox.origin)}
ip address add 192.0.2.1/32 dev lo
${quote(process.execPath)} ${quote(SILENT)} 192.0.2.1 ${port} ${ready} &
silent=$!
until [ -e ${ready} ]; do sleep 0.1; done
mount --bind ${quote(hosts)} /etc/hosts
git-credential-bitbucket-oauth refresh ${sandbox.origin}
kill $silent`

  const { code, stderr } = await home.run('unshare', ['--mount', '--net', 'sh', '-c', script])

  t.is(code, 0, stderr)
  t.deepEqual(sandbox.oauth.tokenRequests.at(-1), { grantType: 'refresh_token', status: 200 })
})
