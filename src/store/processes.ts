/** False when no process with this pid runs on this machine. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs as another user. Anything else: it is gone.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
