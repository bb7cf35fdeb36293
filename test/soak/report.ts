/** What a soak has counted, and how it is told. Pure. */
import type { Layer } from './layers.ts';

/** One round of one layer. */
export interface Round {
  readonly layer: string;
  readonly seed: number;
  readonly seconds: number;
  readonly units: number;
  /** Titles of the tests that failed, or why none ran. */
  readonly failures: readonly string[];
}

export interface LayerReport {
  readonly layer: string;
  readonly unit: string;
  readonly rounds: number;
  /** Of rounds without a failure. */
  readonly units: number;
  readonly seconds: number;
  readonly failures: number;
  readonly failedSeeds: readonly number[];
  /** Largest share of failures that none in so many leaves likely (95 %): 3/n. Absent after a failure, or without a run. */
  readonly bound?: number;
}

export function reportOf(layer: Layer, rounds: readonly Round[]): LayerReport {
  const own = rounds.filter((round) => round.layer === layer.name);
  const failed = own.filter(({ failures }) => failures.length > 0);
  const sum = (of: (round: Round) => number): number => own.reduce((total, round) => total + of(round), 0);
  const units = sum((round) => (round.failures.length > 0 ? 0 : round.units));
  return {
    layer: layer.name,
    unit: layer.unit,
    rounds: own.length,
    units,
    seconds: sum(({ seconds }) => seconds),
    failures: sum(({ failures }) => failures.length),
    failedSeeds: failed.map(({ seed }) => seed),
    ...(failed.length === 0 && units > 0 && { bound: 3 / units }),
  };
}

export function tableOf(reports: readonly LayerReport[]): string[] {
  return reports.map(({ layer, unit, units, seconds, failures, failedSeeds, bound }) => {
    const rate = seconds === 0 ? 0 : units / seconds;
    const seeds = failedSeeds.length === 0 ? '' : `, seeds ${failedSeeds.join(' ')}`;
    const below = bound === undefined ? '' : `, below 1 in ${Math.floor(1 / bound)} at 95 %`;
    return `${layer.padEnd(15)} ${String(units).padStart(7)} ${unit.padEnd(9)} ${String(failures).padStart(3)} failed, ${rate.toFixed(1)} a second${below}${seeds}`;
  });
}

/** Layers that have never run, and failures, make a soak fail. */
export function isSound(reports: readonly LayerReport[]): boolean {
  return reports.every(({ rounds, failures, units }) => rounds > 0 && failures === 0 && units > 0);
}
