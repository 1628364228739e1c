import test from 'ava'
import { permissionOf, readRefusal } from '../../src/bitbucket/refusal.ts'

function error(message: string, detail?: unknown): string {
  return JSON.stringify({ type: 'error', error: { message, detail } })
}

for (const [title, status, text, expected] of [
  ['an ended token', 401, error('Access token expired.'), { reason: 'token' }],
  ['an ended token, in plain text', 401, 'Token is invalid', { reason: 'token' }],
  [
    'a missing permission, with its name',
    403,
    error('Your credentials lack one or more required privilege scopes.', {
      tokenResponse: ['account'],
      required: ['repository'],
    }),
    { reason: 'scope', required: ['repository'] },
  ],
  [
    'a missing permission, as git is told of it',
    403,
    'Your credentials lack one or more required privilege scopes.',
    { reason: 'scope', required: [] },
  ],
  [
    'a network that the workspace does not admit',
    403,
    error('To access this repository, an admin must whitelist your IP.'),
    { reason: 'network rule' },
  ],
  [
    'two-step verification',
    403,
    error('To access this repository, enable two-step authentication.'),
    { reason: 'two-step rule' },
  ],
  [
    'no access',
    403,
    error('You may not have access to this repository or it no longer exists in this workspace.'),
    { reason: 'access' },
  ],
  ['nothing there', 404, error('Repository acme/x not found'), { reason: 'missing' }],
  ['too many requests', 429, '', { reason: 'busy' }],
  ['a bad hour of the server', 503, '<html>', { reason: 'other' }],
  ['a redirect', 302, '', { reason: 'other' }],
] as const) {
  test(`an answer that means ${title}`, (t) => {
    t.deepEqual(readRefusal({ status, text }), expected)
  })
}

for (const [scope, permission] of [
  ['repository', 'Repositories: Read'],
  ['repository:write', 'Repositories: Write'],
  ['account', 'Account: Read'],
  ['pullrequest:write', 'Pull requests: Write'],
  ['new-thing:admin', 'new-thing: Admin'],
] as const) {
  test(`for ${scope}, ${permission} is ticked`, (t) => {
    t.is(permissionOf(scope), permission)
  })
}
