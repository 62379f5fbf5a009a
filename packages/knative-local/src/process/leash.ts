/**
 * A child dies with its parent, even if the parent was killed and could not say so: the channel to the parent then closes. It is unref'd,
 * so that it keeps no process alive. The child kills itself: an orderly exit would first write the compile cache, which takes a second or
 * more.
 */
export function leash(child: Pick<NodeJS.Process, 'on' | 'kill' | 'pid' | 'channel'>): void {
  child.on('disconnect', () => child.kill(child.pid, 'SIGKILL'));
  child.channel?.unref();
}
