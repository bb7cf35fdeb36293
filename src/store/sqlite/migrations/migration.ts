/** One numbered step from one schema to the next. Never edited once released: a mistake is mended by the next one. */
export interface Migration {
  readonly version: number;
  readonly sql: string;
}
