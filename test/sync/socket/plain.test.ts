import { PLAIN } from './backends.ts';
import { describeSocketFaults } from './cases.ts';

for (const backend of PLAIN) describeSocketFaults(backend);
