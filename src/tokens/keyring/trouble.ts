/** Absent: no keyring answers. Homeless: one answers, but has no collection to write to. Refused: one answers, and does not work. */
export type Trouble = 'absent' | 'homeless' | 'refused'

type Known = { readonly says: RegExp; readonly trouble: Trouble; readonly cure?: string }

/** What the library says, as it has no codes of its own. Another word, as macOS may have in another language, is a refusal. */
const KNOWN: readonly Known[] = [
  { says: /Secret Service: no result found$/, trouble: 'homeless' },
  {
    // A logon over the network has no credentials, and a policy takes them from all. The number is ERROR_NOT_SUPPORTED.
    // https://learn.microsoft.com/en-us/windows/win32/api/wincred/nf-wincred-credwritew
    says: /Windows (ERROR_NO_SUCH_LOGON_SESSION|error code 50)\b/,
    trouble: 'absent',
    cure:
      'Windows keeps no passwords in a session over SSH or of a service, nor where the policy "Do not allow storage of ' +
      'passwords and credentials for network authentication" is on: run the command at the desktop',
  },
  // errSecNotAvailable, errSecNoSuchKeychain: https://developer.apple.com/documentation/security/security-framework-result-codes
  { says: /No keychain is available|The specified keychain could not be found/, trouble: 'absent' },
  {
    // errSecNoDefaultKeychain: macOS looks for it below HOME.
    says: /A default keychain could not be found/,
    trouble: 'homeless',
    cure: 'choose a default keychain: security default-keychain -s login.keychain-db',
  },
  {
    // errSecInteractionNotAllowed: it is locked, and over SSH no window can open.
    says: /User interaction is not allowed/,
    trouble: 'refused',
    cure: 'unlock the keychain, and run the command again: security unlock-keychain',
  },
  {
    says: /Cannot find (module '@napi-rs\/keyring'|native binding)/,
    trouble: 'absent',
    cure: 'to use it, install this program again with npm install --global, without --omit=optional',
  },
  {
    says: /its library cannot be loaded/,
    trouble: 'absent',
    cure:
      "to use it, install this program again with npm install --global; on Windows, install Microsoft's Visual C++ " +
      'Redistributable (vc_redist.x64.exe) first',
  },
]

export function findTrouble(message: string): Trouble {
  return find(message)?.trouble ?? 'refused'
}

/** What helps against this very trouble, where something does. */
export function findCure(message: string): string | undefined {
  return find(message)?.cure
}

function find(message: string): Known | undefined {
  return KNOWN.find(({ says }) => says.test(message))
}

/**
 * Why the library was not loaded, in a line. It tries its native part in several places: where one is there and Windows or
 * Linux does not load it, as without VCRUNTIME140.dll, only a cause says so.
 */
export function describeLoadError(error: unknown): string {
  const reasons: string[] = []
  for (let cause = error; cause instanceof Error; cause = cause.cause) reasons.push(cause.message.split('\n')[0] ?? '')
  const reason = reasons.find((text) => !text.startsWith('Cannot find '))
  return reason === undefined ? (reasons[0] ?? String(error)) : `its library cannot be loaded: ${reason}`
}
