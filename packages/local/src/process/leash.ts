/**
 * Loaded into every child: it goes when its parent goes, even where the parent was killed and could say nothing.
 * The channel to the parent closes with the parent; unref'd, so that it keeps no process alive by itself.
 * It goes as its parent went: an orderly exit would first write the compile cache, for a second or more.
 */
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.channel?.unref();
