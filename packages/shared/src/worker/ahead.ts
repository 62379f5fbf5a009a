/**
 * The entry of a function that has workers imports this first of all: the first photo waits for a worker, which takes as long to start as its
 * employer. So one is started before the rest of the function is even compiled.
 */
import { isWorker, spawnAhead } from './spawn.ts';

if (!isWorker) spawnAhead();
