/** By these, editors and desktop programs say that they fetch by themselves; the second was made for Git Credential Manager. */
export const PROMPTS = ['GIT_TERMINAL_PROMPT', 'GCM_INTERACTIVE'] as const

/** Git's words for false. */
export function isFalse(value: string | undefined): boolean {
  return value !== undefined && ['false', 'no', 'off', '0', ''].includes(value.toLowerCase())
}

/** Whether a setting that lets us ask a person says not to. */
export function isOff(value: string | undefined): boolean {
  return isFalse(value) || value?.toLowerCase() === 'never'
}

/** Whether the environment says of a job that no person sits there. */
export function isJob({ CI }: NodeJS.ProcessEnv): boolean {
  return Boolean(CI) && !isFalse(CI)
}

/** Whether the environment says that nobody asked for this run. `git maintenance` tells it in the settings of a command. */
export function isBackground(env: NodeJS.ProcessEnv): boolean {
  const [, interactive] = /'credential\.interactive'?='?(\w+)/i.exec(env['GIT_CONFIG_PARAMETERS'] ?? '') ?? []
  return (
    isJob(env) ||
    Boolean(env['VSCODE_GIT_FETCH_SILENT']) ||
    [interactive, ...PROMPTS.map((name) => env[name])].some(isOff)
  )
}
