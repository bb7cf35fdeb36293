import type { Ability } from '../../../src/protocol/abilities.ts';
import { ALL, only } from './backends.ts';
import { describeSocketFaults } from './cases.ts';

/** Those that a client's sync can use. */
const ALONE: readonly Ability[] = [
  'idempotent',
  'batch',
  'paging',
  'changes',
  'events',
  'counts',
  'clocks',
  'tombstones',
];

describeSocketFaults(ALL);
for (const [which, ability] of ALONE.entries()) describeSocketFaults(only(ability), { which, of: 4 });
