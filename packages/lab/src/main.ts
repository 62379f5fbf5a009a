import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Before anything else is loaded: it is then compiled once and not at each start, for which Node would need another 30 MB. npm start says so
// even before this file, and bounds what glibc keeps, as for its children (machineEnvironment).
enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/node', import.meta.url)));
await import('./command.ts');
