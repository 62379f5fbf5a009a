import { local } from './broker-suite/behaviour.ts';
import { testBroker } from './broker-suite/index.ts';
import { localBroker } from './local-broker.ts';

testBroker((spec) => localBroker(spec), local);
