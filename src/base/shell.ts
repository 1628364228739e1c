/**
 * A word as the reader's shell takes it; plain where nothing in it is special. cmd and PowerShell have only double quotes in
 * common, in which PowerShell would run `$(...)`.
 *
 * @see https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
 */
export function quote(word: string, readsSh = isForSh()): string {
  if (readsSh) return quoteForSh(word)
  if (/^[\w+=:./\\-]+$/.test(word)) return word
  return `"${word.replace(/[`$]/g, '`$&').replaceAll('"', '""').replace(/\\+$/, '$&$&')}"`
}

/** A word for sh, and for shells like it. */
export function quoteForSh(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** The reader's word for a command that all shells have, by its name in sh. */
export function shellWord(name: 'mv' | 'rm', readsSh = isForSh()): string {
  return readsSh ? name : { mv: 'move', rm: 'del' }[name]
}

/** What a hint is pasted into. On Windows only a shell like Git Bash sets SHELL; else it is cmd or PowerShell. */
function isForSh(): boolean {
  return process.platform !== 'win32' || process.env['SHELL'] !== undefined
}
