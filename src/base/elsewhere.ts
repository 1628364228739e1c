/**
 * Whether a person's browser may run on another machine than this program, or in another network, so that it cannot come back by
 * itself: over SSH, in a container or a development environment of an editor, under WSL.
 */
export function mayBeElsewhere(env: NodeJS.ProcessEnv): boolean {
  return SIGNS.some((name) => Boolean(env[name]))
}

const SIGNS = [
  // sshd(8)
  'SSH_CONNECTION',
  'SSH_TTY',
  // https://code.visualstudio.com/docs/remote/remote-overview
  'VSCODE_IPC_HOOK_CLI',
  'REMOTE_CONTAINERS',
  // https://docs.github.com/codespaces/developing-in-a-codespace/default-environment-variables-for-your-codespace
  'CODESPACES',
  // https://learn.microsoft.com/windows/wsl/interop
  'WSL_DISTRO_NAME',
  // systemd(1) and Podman name the container that they run.
  'container',
]
