import { openMailFilter } from '../../bench/rollout/mail-filter.ts';

await openMailFilter(/: sepia$/m, { host: '0.0.0.0', port: 1025 });
