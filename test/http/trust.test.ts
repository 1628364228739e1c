import test from 'ava'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { readTrust } from '../../src/http/trust.ts'
import { makeDirectory } from '../helpers/directory.ts'

test('of a directory of certificates, what cannot be read is passed over, like git does', (t) => {
  const directory = makeDirectory(t)
  symlinkSync('removed.pem', join(directory, '01234567.0'))
  writeFileSync(join(directory, '89abcdef.1'), 'a certificate')
  writeFileSync(join(directory, 'README'), 'no certificate')
  const network = { proxy: undefined, certificateFiles: [] }

  const { ca } = readTrust({ ...network, certificateDirectory: directory })

  t.deepEqual(ca, [...rootCertificates, 'a certificate'])
  t.deepEqual(readTrust({ ...network, certificateDirectory: join(directory, 'missing') }), {})
})
