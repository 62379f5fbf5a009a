/**
 * Loaded into every child: it goes when its parent goes, even where the parent was killed and could say nothing.
 * The channel to the parent closes with the parent; unref'd, so that it keeps no process alive by itself.
 */
process.on('disconnect', () => process.exit());
process.channel?.unref();
