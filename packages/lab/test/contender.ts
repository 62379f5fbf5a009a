/** Tries to take the data folder that it is given, says whether it got it, and holds it until it is killed. */
import { openDataFolder } from '../src/data-folder.ts';

process.on('message', (folder: string) => {
  openDataFolder(folder).then(
    () => process.send!(true),
    () => process.send!(false),
  );
});
process.send!('ready');
