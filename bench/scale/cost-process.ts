import { openStore } from '../../packages/shared/src/store/open.ts';
import { costOf } from './cost.ts';
import { takeJob, type WorkName, works } from './work.ts';

const [location, name, given] = process.argv.slice(2) as [string, WorkName | 'photos', string];
const store = openStore(location);
const cost =
  name === 'photos'
    ? await costOf(store, 5, (counted) => takeJob(counted, Number(given)))
    : await costOf(store, works[name].rounds, (counted) => works[name].run(counted, given));
console.log(JSON.stringify(cost));
