/**
 * What could move the cursor, colour the screen, end a line or turn the reading direction: controls, C1 and DEL among
 * them, formats, and the two separators. Made where it is used: the engine works out such classes while it reads the program.
 */
function invisible(): RegExp {
  return new RegExp(String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]`, 'gu')
}

/** A text as one line. One from a server, a file or git must not forge another (CVE-2024-52005, CVE-2024-50349). */
export function visible(text: string): string {
  return text.replace(invisible(), '\uFFFD')
}

/** As {@link visible}, but the ends of lines and the tabs stay. */
export function visibleLines(text: string): string {
  return text.replace(invisible(), (found, at: number) =>
    /^(\r?\n|\t)/.test(text.slice(at, at + 2)) ? found : '\uFFFD',
  )
}

/** JSON that means the same and is visible: what is not stands as `\uXXXX`. */
export function formatJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(invisible(), (found) =>
    found === '\n'
      ? found
      : found.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )
}
