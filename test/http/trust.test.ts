import test from 'ava'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { readTrust, trustHint, widen } from '../../src/http/trust.ts'
import { makeDirectory } from '../helpers/directory.ts'

test('of a directory of certificates, what cannot be read is passed over, like git does', (t) => {
  const directory = makeDirectory(t)
  symlinkSync('removed.pem', join(directory, '01234567.0'))
  writeFileSync(join(directory, '89abcdef.1'), 'a certificate')
  writeFileSync(join(directory, 'README'), 'no certificate')
  const network = { proxy: undefined, certificateFiles: [] }

  const { ca } = readTrust({ ...network, certificateDirectory: directory })

  t.deepEqual(ca, ['a certificate'])
  t.deepEqual(readTrust({ ...network, certificateDirectory: join(directory, 'missing') }), {})
})

test('a certificate that the user names is enough; where it is not, those of Node and of the system are trusted too', (t) => {
  const [named, ...wider] = [...widen({ ca: ['a certificate'] })]

  t.deepEqual(named, { ca: ['a certificate'] })
  t.deepEqual(wider[0], { ca: [...rootCertificates, 'a certificate'] })
  t.true(wider.slice(1).every(({ ca = [] }) => ca.length > rootCertificates.length + 1))
})

test('where the user names none, those of Node are trusted first', (t) => {
  const [first, ...wider] = [...widen({})]

  t.deepEqual(first, {})
  t.true(wider.every(({ ca = [] }) => ca.length > 0 && !ca.includes(rootCertificates[0] ?? '')))
})

const SETTING = /: git config --global http\.sslCAInfo \/path\/to\/it\.pem$/

for (const [platform, module, expected] of [
  ['linux', {}, /^if your company's network puts in its own certificate: git/],
  ['win32', { getCACertificates: () => [] }, /^if your company's network puts in its own certificate: git/],
  ['win32', {}, /Node\.js 22\.15 or later.+certmgr\.msc/],
  ['darwin', {}, /Node\.js 22\.15 or later.+security find-certificate -a -p/],
] as const) {
  const reads = 'getCACertificates' in module ? 'reads' : 'does not read'
  test(`a certificate that is not trusted on ${platform}, where Node ${reads} the system's: what to do`, (t) => {
    const hint = trustHint(platform, module)

    t.regex(hint, expected)
    t.regex(hint, SETTING)
  })
}
