import test from 'ava'
import { keyringTimeLimit } from '../../src/tokens/storage.ts'

for (const [title, platform, isTerminal, env, expected] of [
  ['at a terminal', 'linux', true, {}, 60],
  ['without one on Linux, where the window is the desktop’s', 'linux', false, {}, 10],
  ['without one on macOS, whose Keychain asks in a window', 'darwin', false, {}, 60],
  ['without one on Windows, which asks nothing', 'win32', false, {}, 10],
  ['in a background fetch on macOS', 'darwin', false, { GIT_TERMINAL_PROMPT: '0' }, 10],
  ['in a desktop program’s own fetch on macOS', 'darwin', false, { GCM_INTERACTIVE: 'never' }, 10],
  ['in an editor’s own fetch on macOS', 'darwin', false, { VSCODE_GIT_FETCH_SILENT: 'true' }, 10],
  ['in a job on macOS', 'darwin', false, { CI: 'true' }, 10],
  ['where CI is off on macOS', 'darwin', false, { CI: 'false' }, 60],
  // As git gives `-c credential.interactive=false` to its children, since 2.31 and before.
  ['in git maintenance', 'darwin', false, { GIT_CONFIG_PARAMETERS: "'credential.interactive'='false' 'a.b'='c'" }, 10],
  [
    'in git maintenance of an old git',
    'darwin',
    false,
    { GIT_CONFIG_PARAMETERS: "'credential.interactive=never'" },
    10,
  ],
  ['with another setting', 'darwin', false, { GIT_CONFIG_PARAMETERS: "'credential.interactive'='true'" }, 60],
] as const) {
  test(`the keyring has ${expected} seconds ${title}`, (t) => {
    t.is(keyringTimeLimit({ env, isAttended: () => isTerminal }, platform), expected)
  })
}
